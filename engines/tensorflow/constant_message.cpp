#include "constant_message.h"

#include <sys/mman.h>

#include <cstring>
#include <new>
#include <string>

#include "core/tensor.h"

namespace dnnbench::tf {
namespace {

constexpr size_t kAlignment_bytes = 64;
constexpr size_t kHugePage_bytes = size_t{2} << 20;

// Field numbers in this file: tensorflow/core/framework/{attr_value,tensor,tensor_shape}.proto.
std::string shape_message(const Shape& shape) {
  std::string message;
  for (const int64_t size : shape) {
    std::string dimension;
    import::write_integer(dimension, 1, size);
    import::write_text(message, 2, dimension);
  }
  return message;
}

std::string head_of(TF_DataType type, const Shape& shape, size_t bytes) {
  std::string tensor, value;
  import::write_integer(tensor, 1, type);                 // TensorProto.dtype
  import::write_text(tensor, 2, shape_message(shape));    // tensor_shape
  import::write_length(tensor, 4, bytes);                 // tensor_content
  import::write_length(value, 8, tensor.size() + bytes);  // AttrValue.tensor
  return value + tensor;
}

size_t rounded_up(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

}  // namespace

std::byte* ConstantMessage::start(TF_DataType type, const Shape& shape) {
  const size_t bytes = static_cast<size_t>(dnnbench::element_count(shape)) * TF_DataTypeSize(type);
  const std::string head = head_of(type, shape, bytes);
  const size_t begin = rounded_up(head.size(), kAlignment_bytes);
  std::byte* const elements = reserve(begin + bytes) + begin;
  std::memcpy(elements - head.size(), head.data(), head.size());
  whole_ = {elements - head.size(), head.size() + bytes};
  return elements;
}

std::byte* ConstantMessage::reserve(size_t bytes) {
  if (bytes > capacity_) {
    capacity_ = rounded_up(bytes, kHugePage_bytes);
    memory_.reset();
    memory_.reset(static_cast<std::byte*>(std::aligned_alloc(kHugePage_bytes, capacity_)));
    if (memory_ == nullptr) throw std::bad_alloc();
    madvise(memory_.get(), capacity_, MADV_HUGEPAGE);
  }
  return memory_.get();
}

}  // namespace dnnbench::tf
