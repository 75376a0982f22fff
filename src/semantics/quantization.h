// Quantisation in plain numbers: QuantizeLinear
// (https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html), DequantizeLinear, and the parameters
// of operators on quantised tensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/tensor.h"
#include "import/graph.h"

namespace dnnbench::semantics {

// The whole numbers of a quantised type. A real number is divided by the scale, rounded half to
// even, moved by the zero point, and clamped to these.
struct QuantizedRange {
  double min;
  double max;
};

// Throws Unsupported for a type that is not an integer of 4, 8 or 16 bits.
QuantizedRange quantized_range(DataType type);

// Which elements of QuantizeLinear's or DequantizeLinear's input share a scale and a zero point.
struct Quantization {
  enum class Granularity { kTensor, kAxis, kBlocks };
  Granularity granularity = Granularity::kTensor;
  int64_t axis = 0;        // of kAxis and kBlocks, counted from 0
  int64_t block_size = 0;  // of kBlocks: elements of the axis; the last block may have fewer
};

// `rank`: of the input. `scale`: its shape, -1 for a size that is not known. Throws Unsupported
// where they do not fit, or the rank is needed and not known.
Quantization read_quantization(const import::Node& node, std::optional<size_t> rank,
                               const std::vector<int64_t>& scale);

// What QuantizeLinear returns. `zero_point`: that input's type, nullopt where there is none.
DataType quantized_type(const import::Node& node, std::optional<DataType> zero_point);
// What DequantizeLinear returns.
DataType dequantized_type(const import::Node& node, DataType scale);
// In which QuantizeLinear divides: f32 as in ONNX Runtime, for narrower scales too.
DataType division_type(const import::Node& node);

// The shape in which a scale or zero point of that shape broadcasts against a tensor of `rank`
// axes: [] where it has one element, or as many as `axis` has, which counts from the end where it
// is negative. nullopt for one of several dimensions, which broadcasts as it is.
std::optional<std::vector<int64_t>> broadcast_shape(const std::vector<int64_t>& parameter,
                                                    size_t rank, int64_t axis);

}  // namespace dnnbench::semantics
