#include "evaluate/operand.h"

#include <algorithm>
#include <cmath>

namespace dnnbench::evaluate {

Operand::Operand(DataType type, Shape shape, std::span<const std::byte> bytes)
    : type_(type),
      shape_(std::move(shape)),
      count_(dnnbench::element_count(shape_)),
      bytes_(bytes) {
  const bool is_number = is_floating_point(type) || is_integer(type) || type == DataType::kBool;
  if (!is_number || type == DataType::kComplex64 || type == DataType::kComplex128 ||
      bit_width(type) < 8 || (is_floating_point(type) && bit_width(type) == 8)) {
    throw Unsupported("elements of type " + std::string(to_string(type)));
  }
  if (byte_size(type, count_) != bytes.size()) throw Unsupported("a tensor that is cut short");
  if (type == DataType::kFloat16 || type == DataType::kBfloat16) {
    const Tensor tensor{type, shape_, {bytes.begin(), bytes.end()}, {}};
    converted_ = std::make_shared<const std::vector<double>>(to_doubles(tensor));
  }
}

double Operand::other(int64_t flat) const {
  switch (type_) {
    case DataType::kFloat64:
      return load<double>(flat);
    case DataType::kInt64:
      return static_cast<double>(load<int64_t>(flat));
    case DataType::kUint64:
      return static_cast<double>(load<uint64_t>(flat));
    case DataType::kInt32:
      return load<int32_t>(flat);
    case DataType::kUint32:
      return load<uint32_t>(flat);
    case DataType::kInt16:
      return load<int16_t>(flat);
    case DataType::kUint16:
      return load<uint16_t>(flat);
    case DataType::kInt8:
      return load<int8_t>(flat);
    case DataType::kUint8:
      return load<uint8_t>(flat);
    case DataType::kBool:
      return load<uint8_t>(flat) != 0 ? 1 : 0;
    default:
      return converted_->at(static_cast<size_t>(flat));
  }
}

void Operand::throw_outside() { throw Unsupported("an element outside of its input"); }

std::vector<int64_t> Operand::integers() const {
  if (!is_integer(type_)) throw Unsupported("a list that is not of integers");
  std::vector<int64_t> values;
  for (int64_t i = 0; i < count_; ++i) {
    values.push_back(type_ == DataType::kInt64 ? load<int64_t>(i)
                                               : static_cast<int64_t>((*this)[i]));
  }
  return values;
}

Shape strides_of(const Shape& shape) {
  Shape strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

Shape position_of(int64_t flat, const Shape& shape) {
  Shape position(shape.size(), 0);
  for (size_t i = shape.size(); i-- > 0;) {
    position[i] = flat % shape[i];
    flat /= shape[i];
  }
  return position;
}

Shape broadcast(const Shape& a, const Shape& b) {
  Shape result(std::max(a.size(), b.size()), 1);
  for (size_t i = 0; i < result.size(); ++i) {
    const int64_t of_a = i < a.size() ? a[a.size() - 1 - i] : 1;
    const int64_t of_b = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (of_a != of_b && of_a != 1 && of_b != 1) throw Unsupported("shapes that don't fit");
    result[result.size() - 1 - i] = of_a == 1 ? of_b : of_a;
  }
  return result;
}

Broadcasting::Broadcasting(const Shape& from, const Shape& to)
    : same_(from == to), to_(to), strides_(to.size(), 0) {
  if (from.size() > to.size()) throw Unsupported("shapes that don't fit");
  const Shape strides = strides_of(from);
  for (size_t i = 0; i < from.size(); ++i) {
    const size_t axis = to.size() - from.size() + i;
    if (from[i] != to[axis] && from[i] != 1) throw Unsupported("shapes that don't fit");
    if (from[i] != 1) strides_[axis] = strides[i];
  }
}

int64_t Broadcasting::operator()(int64_t flat) const {
  if (same_) return flat;
  int64_t position = 0;
  for (size_t i = to_.size(); i-- > 0;) {
    position += flat % to_[i] * strides_[i];
    flat /= to_[i];
  }
  return position;
}

}  // namespace dnnbench::evaluate
