#include "tensors.h"

#include <array>
#include <cstring>
#include <new>
#include <utility>

#include "core/error.h"

namespace dnnbench::tf {
namespace {

constexpr std::array<std::pair<DataType, TF_DataType>, 16> kTypes{{
    {DataType::kFloat32, TF_FLOAT},
    {DataType::kUint8, TF_UINT8},
    {DataType::kInt8, TF_INT8},
    {DataType::kUint16, TF_UINT16},
    {DataType::kInt16, TF_INT16},
    {DataType::kInt32, TF_INT32},
    {DataType::kInt64, TF_INT64},
    {DataType::kString, TF_STRING},
    {DataType::kBool, TF_BOOL},
    {DataType::kFloat16, TF_HALF},
    {DataType::kFloat64, TF_DOUBLE},
    {DataType::kUint32, TF_UINT32},
    {DataType::kUint64, TF_UINT64},
    {DataType::kComplex64, TF_COMPLEX64},
    {DataType::kComplex128, TF_COMPLEX128},
    {DataType::kBfloat16, TF_BFLOAT16},
}};

OwnedTensor allocate(TF_DataType type, std::span<const int64_t> shape, size_t bytes) {
  OwnedTensor tensor(TF_AllocateTensor(type, shape.data(), static_cast<int>(shape.size()), bytes),
                     TF_DeleteTensor);
  if (tensor == nullptr) throw std::bad_alloc();
  return tensor;
}

OwnedTensor strings_to_tensorflow(std::span<const int64_t> shape,
                                  std::span<const std::string> strings) {
  OwnedTensor tensor = allocate(TF_STRING, shape, strings.size() * sizeof(TF_TString));
  auto* elements = static_cast<TF_TString*>(TF_TensorData(tensor.get()));
  for (size_t i = 0; i < strings.size(); ++i) {
    TF_StringInit(&elements[i]);
    TF_StringCopy(&elements[i], strings[i].data(), strings[i].size());
  }
  return tensor;
}

}  // namespace

std::optional<TF_DataType> find_type(DataType type) {
  for (const auto& [ours, theirs] : kTypes) {
    if (ours == type) return theirs;
  }
  return std::nullopt;
}

TF_DataType to_tensorflow(DataType type) {
  if (const auto found = find_type(type)) return *found;
  throw Unsupported("TensorFlow does not compute with elements of type " +
                    std::string(to_string(type)));
}

DataType from_tensorflow(TF_DataType type) {
  for (const auto& [ours, theirs] : kTypes) {
    if (theirs == type) return ours;
  }
  return DataType::kUndefined;
}

bool is_floating(TF_DataType type) {
  return type == TF_FLOAT || type == TF_DOUBLE || type == TF_HALF || type == TF_BFLOAT16;
}

OwnedTensor to_tensorflow(DataType type, std::span<const int64_t> shape,
                          std::span<const std::byte> bytes, std::span<const std::string> strings) {
  if (type == DataType::kString) return strings_to_tensorflow(shape, strings);
  OwnedTensor copy = allocate(to_tensorflow(type), shape, bytes.size());
  if (!bytes.empty()) std::memcpy(TF_TensorData(copy.get()), bytes.data(), bytes.size());
  return copy;
}

OwnedTensor to_tensorflow(const Tensor& tensor) {
  return to_tensorflow(tensor.type, tensor.shape, tensor.bytes, tensor.strings);
}

Tensor from_tensorflow(const TF_Tensor& tensor) {
  const DataType type = from_tensorflow(TF_TensorType(&tensor));
  if (type == DataType::kUndefined) {
    throw Unsupported("TensorFlow returned a tensor of element type " +
                      std::to_string(TF_TensorType(&tensor)) + ", which ONNX lacks");
  }
  std::vector<int64_t> shape;
  for (int i = 0; i < TF_NumDims(&tensor); ++i) shape.push_back(TF_Dim(&tensor, i));
  Tensor copy = make_tensor(type, std::move(shape));
  if (type == DataType::kString) {
    const auto* elements = static_cast<const TF_TString*>(TF_TensorData(&tensor));
    for (size_t i = 0; i < copy.strings.size(); ++i) {
      copy.strings[i].assign(TF_StringGetDataPointer(&elements[i]), TF_StringGetSize(&elements[i]));
    }
  } else if (!copy.bytes.empty()) {
    std::memcpy(copy.bytes.data(), TF_TensorData(&tensor), copy.bytes.size());
  }
  return copy;
}

}  // namespace dnnbench::tf
