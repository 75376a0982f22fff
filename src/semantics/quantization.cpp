#include "semantics/quantization.h"

#include <cmath>
#include <string>

#include "core/error.h"
#include "semantics/axes.h"

namespace dnnbench::semantics {

QuantizedRange quantized_range(DataType type) {
  const int bits = static_cast<int>(bit_width(type));
  if (!is_integer(type) || bits > 16) {
    throw Unsupported("its quantised type is " + std::string(to_string(type)));
  }
  const bool has_sign =
      type == DataType::kInt4 || type == DataType::kInt8 || type == DataType::kInt16;
  const double half = std::ldexp(1, bits - 1);
  return has_sign ? QuantizedRange{-half, half - 1} : QuantizedRange{0, 2 * half - 1};
}

Quantization read_quantization(const import::Node& node, std::optional<size_t> rank,
                               const std::vector<int64_t>& scale) {
  const int64_t block_size = node.integer("block_size", 0);
  if (block_size < 0) throw Unsupported("its blocks have a negative size");
  const bool one_element = scale.empty() || (scale.size() == 1 && scale[0] == 1);
  if (scale.empty() || (one_element && block_size == 0)) return {};
  if (!rank) throw Unsupported("the rank of its input is not known before it runs");
  if (scale.size() != (block_size == 0 ? 1 : *rank)) {
    throw Unsupported("its scale has " + std::to_string(scale.size()) +
                      " dimensions, which does not fit its input and block size");
  }
  using Granularity = Quantization::Granularity;
  return {block_size == 0 ? Granularity::kAxis : Granularity::kBlocks,
          axis_from_start(node.integer("axis", 1), *rank), block_size};
}

DataType quantized_type(const import::Node& node, std::optional<DataType> zero_point) {
  const auto wanted = static_cast<DataType>(node.integer("output_dtype", 0));
  if (zero_point) return *zero_point;
  return wanted == DataType::kUndefined ? DataType::kUint8 : wanted;
}

DataType dequantized_type(const import::Node& node, DataType scale) {
  const auto wanted = static_cast<DataType>(node.integer("output_dtype", 0));
  return wanted == DataType::kUndefined ? scale : wanted;
}

DataType division_type(const import::Node& node) {
  const auto wanted = static_cast<DataType>(node.integer("precision", 0));
  return wanted == DataType::kUndefined ? DataType::kFloat32 : wanted;
}

std::optional<std::vector<int64_t>> broadcast_shape(const std::vector<int64_t>& parameter,
                                                    size_t rank, int64_t axis) {
  if (parameter.size() > 1) return std::nullopt;
  const int64_t place = axis < 0 ? axis + static_cast<int64_t>(rank) : axis;
  if (parameter.empty() || parameter[0] == 1 || place < 0 || place >= static_cast<int64_t>(rank)) {
    return std::vector<int64_t>{};
  }
  std::vector<int64_t> shape(rank, 1);
  shape[static_cast<size_t>(place)] = -1;
  return shape;
}

}  // namespace dnnbench::semantics
