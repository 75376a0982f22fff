#include "onnx/tensor_proto.h"

#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "core/error.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

DataType type_of(const onnx::TensorProto& tensor) {
  return static_cast<DataType>(tensor.data_type());
}

std::vector<int64_t> shape_of(const onnx::TensorProto& tensor) {
  return {tensor.dims().begin(), tensor.dims().end()};
}

const std::string* external_entry(const onnx::TensorProto& tensor, const std::string& key) {
  for (const onnx::StringStringEntryProto& entry : tensor.external_data()) {
    if (entry.key() == key) return &entry.value();
  }
  return nullptr;
}

// A non-negative number of bytes; absent when the key is.
std::optional<int64_t> external_bytes(const std::string& name, const onnx::TensorProto& tensor,
                                      const std::string& key) {
  const std::string* text = external_entry(tensor, key);
  if (text == nullptr) return std::nullopt;
  int64_t bytes = 0;
  const char* end = text->data() + text->size();
  const auto [next, error] = std::from_chars(text->data(), end, bytes);
  if (error != std::errc() || next != end || bytes < 0) {
    throw Error(
        fmt::format("the external weights '{}' have the {} '{}', which is not a number of bytes",
                    name, key, *text));
  }
  return bytes;
}

// The elements that the field for this type holds; those of four bits come two an entry.
int64_t typed_entries(const onnx::TensorProto& tensor) {
  switch (type_of(tensor)) {
    case DataType::kFloat32:
    case DataType::kComplex64:
      return tensor.float_data_size();
    case DataType::kFloat64:
    case DataType::kComplex128:
      return tensor.double_data_size();
    case DataType::kInt64:
      return tensor.int64_data_size();
    case DataType::kUint32:
    case DataType::kUint64:
      return tensor.uint64_data_size();
    case DataType::kString:
      return tensor.string_data_size();
    default:
      return tensor.int32_data_size();
  }
}

int64_t expected_entries(const onnx::TensorProto& tensor, int64_t count) {
  const DataType type = type_of(tensor);
  if (bit_width(type) == 4) return static_cast<int64_t>(byte_size(type, count));
  const bool complex = type == DataType::kComplex64 || type == DataType::kComplex128;
  return complex ? 2 * count : count;
}

// Little-endian, so the low bytes of each entry are the element.
template <typename Entries>
void copy_low_bytes(const Entries& entries, Tensor& tensor) {
  const size_t width = entries.empty() ? 0 : tensor.bytes.size() / entries.size();
  std::byte* to = tensor.bytes.data();
  for (const auto entry : entries) {
    std::memcpy(to, &entry, width);
    to += width;
  }
}

void copy_typed_entries(const onnx::TensorProto& from, Tensor& to) {
  switch (to.type) {
    case DataType::kFloat32:
    case DataType::kComplex64:
      return copy_low_bytes(from.float_data(), to);
    case DataType::kFloat64:
    case DataType::kComplex128:
      return copy_low_bytes(from.double_data(), to);
    case DataType::kInt64:
      return copy_low_bytes(from.int64_data(), to);
    case DataType::kUint32:
    case DataType::kUint64:
      return copy_low_bytes(from.uint64_data(), to);
    case DataType::kString:
      to.strings.assign(from.string_data().begin(), from.string_data().end());
      return;
    default:
      return copy_low_bytes(from.int32_data(), to);
  }
}

void read_external_data(const ExternalData& data, Tensor& tensor) {
  std::ifstream file(data.path, std::ios::binary);
  file.seekg(data.offset);
  const auto size = static_cast<std::streamsize>(tensor.bytes.size());
  if (!file.read(reinterpret_cast<char*>(tensor.bytes.data()), size) && size > 0) {
    throw Error(fmt::format("the weight file {} can't be read", data.path));
  }
}

}  // namespace

bool is_external(const onnx::TensorProto& tensor) {
  return tensor.data_location() == onnx::TensorProto::EXTERNAL;
}

ExternalData find_external_data(const std::string& name, const onnx::TensorProto& tensor,
                                const std::string& folder) {
  const std::string* location = external_entry(tensor, "location");
  if (location == nullptr || location->empty()) {
    throw Error(fmt::format("the external weights '{}' don't say which file they are in", name));
  }
  const fs::path relative = fs::path(*location).lexically_normal();
  if (relative.is_absolute() || *relative.begin() == ".." ||
      location->find('\0') != std::string::npos) {
    throw Error(
        fmt::format("the weights '{}' are in {}, outside the model's folder; move the file "
                    "beside the model and save the model with that name",
                    name, *location));
  }
  const fs::path path = fs::path(folder) / relative;
  std::error_code error;
  if (!fs::is_regular_file(path, error)) {
    throw Error(
        fmt::format("the weight file {} is missing; it belongs beside the model", path.string()));
  }
  const auto file_bytes = static_cast<int64_t>(fs::file_size(path, error));
  const auto needed =
      static_cast<int64_t>(byte_size(type_of(tensor), element_count(shape_of(tensor))));
  const int64_t offset = external_bytes(name, tensor, "offset").value_or(0);
  const int64_t length = external_bytes(name, tensor, "length").value_or(needed);
  if (length != needed) {
    throw Error(fmt::format("the weights '{}' need {} bytes, but the model says that {} has {}",
                            name, needed, *location, length));
  }
  if (error || offset > file_bytes || length > file_bytes - offset) {
    throw Error(
        fmt::format("the weight file {} is too short: '{}' needs {} bytes from {} on, but "
                    "the file has {}; copy or download it again",
                    path.string(), name, length, offset, file_bytes));
  }
  return {*location, path.string(), offset};
}

void check_tensor(const std::string& name, const onnx::TensorProto& tensor) {
  const DataType type = type_of(tensor);
  if (to_string(type) == "undefined") {
    throw Error(fmt::format("the tensor '{}' has the element type number {}, which is not known",
                            name, tensor.data_type()));
  }
  int64_t count = 0;
  int64_t bytes = 0;
  try {
    count = element_count(shape_of(tensor));
    bytes = static_cast<int64_t>(byte_size(type, count));
  } catch (const Error& error) {
    throw Error(fmt::format("the tensor '{}' is broken: {}", name, error.what()));
  }
  if (is_external(tensor) && type != DataType::kString) return;
  if (tensor.has_segment()) {
    throw Error(fmt::format("the tensor '{}' is stored in segments, which is not supported", name));
  }
  const bool raw = tensor.has_raw_data();
  const int64_t stored =
      raw ? static_cast<int64_t>(tensor.raw_data().size()) : typed_entries(tensor);
  const int64_t expected = raw ? bytes : expected_entries(tensor, count);
  if (stored != expected) {
    throw Error(fmt::format("the tensor '{}' is broken: {} needs {} {}, but {} are stored", name,
                            describe(type, shape_of(tensor)), expected, raw ? "bytes" : "entries",
                            stored));
  }
}

Tensor to_tensor(const std::string& name, const onnx::TensorProto& from,
                 const std::string& folder) {
  check_tensor(name, from);
  std::optional<ExternalData> external;
  if (is_external(from) && from.data_type() != onnx::TensorProto::STRING) {
    external = find_external_data(name, from, folder);
  }
  Tensor tensor = make_tensor(type_of(from), shape_of(from));
  if (external) {
    read_external_data(*external, tensor);
  } else if (from.has_raw_data()) {
    const auto* raw = reinterpret_cast<const std::byte*>(from.raw_data().data());
    tensor.bytes.assign(raw, raw + from.raw_data().size());
  } else {
    copy_typed_entries(from, tensor);
  }
  return tensor;
}

}  // namespace dnnbench
