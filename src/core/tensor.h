// Tensors and values as they travel between files, the parent process, and the engines: plain
// data, owned by value, host memory.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dnnbench {

// Element types, numbered as ONNX's TensorProto.DataType so that no table is needed between them.
enum class DataType : int32_t {
  kUndefined = 0,
  kFloat32 = 1,
  kUint8 = 2,
  kInt8 = 3,
  kUint16 = 4,
  kInt16 = 5,
  kInt32 = 6,
  kInt64 = 7,
  kString = 8,
  kBool = 9,
  kFloat16 = 10,
  kFloat64 = 11,
  kUint32 = 12,
  kUint64 = 13,
  kComplex64 = 14,
  kComplex128 = 15,
  kBfloat16 = 16,
  kFloat8E4M3FN = 17,
  kFloat8E4M3FNUZ = 18,
  kFloat8E5M2 = 19,
  kFloat8E5M2FNUZ = 20,
  kUint4 = 21,
  kInt4 = 22,
  kFloat4E2M1 = 23,
  kFloat8E8M0 = 24,
};

// "float32", "int64", "bfloat16", ...: the names in messages and JSON. "undefined" for a number
// that is not a type.
std::string_view to_string(DataType type);

// Bits an element takes in Tensor::bytes: 4 for the four-bit types, 0 for strings and undefined.
size_t bit_width(DataType type);

// Whether the numbers in Tensor::bytes take so many bytes: an element's, or a complex one's part.
bool is_element_size(DataType type, size_t bytes);

bool is_floating_point(DataType type);  // any width, complex included
bool is_integer(DataType type);         // signed, unsigned, any width; not bool

struct Tensor {
  DataType type = DataType::kUndefined;
  std::vector<int64_t> shape;        // empty: a scalar
  std::vector<std::byte> bytes;      // little-endian, row-major; four-bit types two per byte, the
                                     // first in the low half. Empty for strings
  std::vector<std::string> strings;  // the elements when type is kString

  // The product of the shape; 1 for a scalar.
  int64_t element_count() const;

  // The elements as T, whose size must be the type's, or half a complex type's (checked by assert).
  template <typename T>
  std::span<T> as() {
    assert(is_element_size(type, sizeof(T)));
    return {reinterpret_cast<T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
  template <typename T>
  std::span<const T> as() const {
    assert(is_element_size(type, sizeof(T)));
    return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
};

// The product of a shape; 1 for a scalar. Throws Error for a negative dimension or a product
// beyond int64.
int64_t element_count(std::span<const int64_t> shape);

// Bytes that `count` elements of a type take: four-bit types rounded up. 0 for strings. Throws
// Error when that is more than can be counted.
size_t byte_size(DataType type, int64_t count);

// A tensor of that shape, its bytes zero (or its strings empty).
Tensor make_tensor(DataType type, std::vector<int64_t> shape);

// Every element as double, whatever the type (complex: real and imaginary part one after the
// other). Throws Error for strings.
std::vector<double> to_doubles(const Tensor& tensor);

// Writes `values` into the tensor's elements, rounded to nearest even and saturated to the type's
// range; the inverse of to_doubles. `values` must have as many entries as to_doubles returns.
void from_doubles(std::span<const double> values, Tensor& tensor);

// "float32[1,3,224,224]"; a scalar is "float32[]".
std::string describe(DataType type, std::span<const int64_t> shape);

// What a model takes or returns under one name: a tensor, a sequence of tensors, or nothing (an
// empty optional).
struct Value {
  enum class Kind { kTensor, kSequence, kNone };

  std::string name;
  Kind kind = Kind::kTensor;
  std::vector<Tensor> tensors;  // exactly one for kTensor, none for kNone

  const Tensor& tensor() const { return tensors.front(); }
  Tensor& tensor() { return tensors.front(); }
};

Value make_value(std::string name, Tensor tensor);

}  // namespace dnnbench
