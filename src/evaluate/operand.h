// Operand: a tensor that a formula reads (formula.h), each element as a double. A view; what it
// views must outlive it. Every access is checked, because neither the model nor the library that
// computed the tensor is trusted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "core/error.h"
#include "core/tensor.h"

namespace dnnbench::evaluate {

using Shape = std::vector<int64_t>;

class Operand {
 public:
  // Throws Unsupported for element types that are not numbers of 8 bits or more, and where the
  // bytes don't fit the shape.
  Operand(DataType type, Shape shape, std::span<const std::byte> bytes);

  DataType type() const { return type_; }
  const Shape& shape() const { return shape_; }
  size_t rank() const { return shape_.size(); }
  int64_t count() const { return count_; }
  std::vector<int64_t> integers() const;

  // Throws Unsupported for a position outside.
  double operator[](int64_t flat) const {
    if (static_cast<uint64_t>(flat) >= static_cast<uint64_t>(count_)) throw_outside();
    return type_ == DataType::kFloat32 ? load<float>(flat) : other(flat);
  }

 private:
  template <typename T>
  T load(int64_t flat) const {
    T value;  // not always aligned
    std::memcpy(&value, bytes_.data() + static_cast<size_t>(flat) * sizeof(T), sizeof(T));
    return value;
  }
  double other(int64_t flat) const;
  [[noreturn]] static void throw_outside();

  DataType type_;
  Shape shape_;
  int64_t count_;
  std::span<const std::byte> bytes_;
  std::shared_ptr<const std::vector<double>> converted_;  // of f16 and bf16
};

// How far apart neighbours along each axis lie, in elements.
Shape strides_of(const Shape& shape);

// The position along each axis of an element.
Shape position_of(int64_t flat, const Shape& shape);

// What tensors of these shapes become together. Throws Unsupported where they don't fit.
Shape broadcast(const Shape& a, const Shape& b);

// From elements of a result to those of an operand that is broadcast to it.
class Broadcasting {
 public:
  // Throws Unsupported where `from` can't become `to`.
  Broadcasting(const Shape& from, const Shape& to);
  int64_t operator()(int64_t flat) const;

 private:
  bool same_;
  Shape to_;
  Shape strides_;  // of the operand by the result's axes; 0 where it is repeated
};

}  // namespace dnnbench::evaluate
