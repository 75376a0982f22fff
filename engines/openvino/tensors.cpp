#include "tensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "core/error.h"

namespace dnnbench {
namespace {

using ElementType = ov::element::Type_t;

constexpr std::array<std::pair<DataType, ElementType>, 20> kTypes{{
    {DataType::kFloat32, ElementType::f32},
    {DataType::kUint8, ElementType::u8},
    {DataType::kInt8, ElementType::i8},
    {DataType::kUint16, ElementType::u16},
    {DataType::kInt16, ElementType::i16},
    {DataType::kInt32, ElementType::i32},
    {DataType::kInt64, ElementType::i64},
    {DataType::kString, ElementType::string},
    {DataType::kBool, ElementType::boolean},
    {DataType::kFloat16, ElementType::f16},
    {DataType::kFloat64, ElementType::f64},
    {DataType::kUint32, ElementType::u32},
    {DataType::kUint64, ElementType::u64},
    {DataType::kBfloat16, ElementType::bf16},
    {DataType::kFloat8E4M3FN, ElementType::f8e4m3},
    {DataType::kFloat8E5M2, ElementType::f8e5m2},
    {DataType::kUint4, ElementType::u4},
    {DataType::kInt4, ElementType::i4},
    {DataType::kFloat4E2M1, ElementType::f4e2m1},
    {DataType::kFloat8E8M0, ElementType::f8e8m0},
}};

}  // namespace

ov::element::Type to_openvino(DataType type) {
  for (const auto& [ours, theirs] : kTypes) {
    if (ours == type) return theirs;
  }
  throw Unsupported("OpenVINO has no tensors of element type " + std::string(to_string(type)));
}

DataType from_openvino(const ov::element::Type& type) {
  for (const auto& [ours, theirs] : kTypes) {
    if (theirs == type) return ours;
  }
  return DataType::kUndefined;
}

ov::Tensor to_openvino(const Tensor& tensor) {
  ov::Tensor copy(to_openvino(tensor.type), ov::Shape(tensor.shape.begin(), tensor.shape.end()));
  if (tensor.type == DataType::kString) {
    std::copy(tensor.strings.begin(), tensor.strings.end(), copy.data<std::string>());
  } else if (!tensor.bytes.empty()) {
    std::memcpy(copy.data(), tensor.bytes.data(), tensor.bytes.size());
  }
  return copy;
}

Tensor from_openvino(const ov::Tensor& tensor) {
  const DataType type = from_openvino(tensor.get_element_type());
  if (type == DataType::kUndefined) {
    throw Unsupported("OpenVINO returned a tensor of element type " +
                      tensor.get_element_type().get_type_name() + ", which ONNX lacks");
  }
  const ov::Shape& shape = tensor.get_shape();
  Tensor copy = make_tensor(type, std::vector<int64_t>(shape.begin(), shape.end()));
  if (type == DataType::kString) {
    const std::string* strings = tensor.data<std::string>();
    std::copy(strings, strings + tensor.get_size(), copy.strings.begin());
  } else if (!copy.bytes.empty()) {
    std::memcpy(copy.bytes.data(), tensor.data(), copy.bytes.size());
  }
  return copy;
}

}  // namespace dnnbench
