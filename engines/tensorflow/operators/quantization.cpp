// Quantisation, and operators on quantised tensors. Those compute as ONNX Runtime's do: the sum of
// products in int32, then one factor in f32, round half to even, zero point, saturate.
#include "quantization.h"

#include "convolution.h"
#include "core/error.h"
#include "matrix.h"
#include "operators.h"
#include "semantics/four_bits.h"
#include "semantics/quantization.h"
#include "tensors.h"

namespace dnnbench::tf {
namespace {

using semantics::Quantization;

Quantization read_quantization(const Operation& op) {
  std::optional<size_t> rank;
  if (const auto shape = op.find_shape(0)) rank = shape->size();
  return semantics::read_quantization(op.node, rank, op.shape(1));
}

// A scale or zero point, made to broadcast against the first input.
Out spread(const Operation& op, Out parameter, const Quantization& quantization) {
  const auto axis = static_cast<size_t>(quantization.axis);
  switch (quantization.granularity) {
    case Quantization::Granularity::kTensor:
      return op.g.reshape(parameter, Shape{});
    case Quantization::Granularity::kAxis: {
      Shape along(op.rank(0), 1);
      along[axis] = -1;
      return op.g.reshape(parameter, along);
    }
    case Quantization::Granularity::kBlocks:
      break;
  }
  std::vector<int64_t> blocks;
  const int64_t size = op.static_shape(0)[axis];
  for (int64_t i = 0; i < size; ++i) blocks.push_back(i / quantization.block_size);
  return op.g.gather(parameter, op.g.ints(blocks), quantization.axis);
}

// Rounded, moved by the zero point, saturated. x is f32 or f64.
Out saturate(Graph& g, Out x, std::optional<Out> zero_point, TF_DataType type) {
  const TF_DataType computed = Graph::type(x);
  const semantics::QuantizedRange range = semantics::quantized_range(from_tensorflow(type));
  x = g.compute("Round", {x});
  if (zero_point) x = g.add(x, g.cast(*zero_point, computed));
  x = g.minimum(g.maximum(x, g.scalar(computed, range.min)), g.scalar(computed, range.max));
  return g.cast(x, type);
}

void emit_quantize(const Operation& op) {
  Graph& g = op.g;
  const Quantization quantization = read_quantization(op);
  const TF_DataType type = to_tensorflow(semantics::quantized_type(
      op.node, op.has(2) ? std::optional(from_tensorflow(op.type(2))) : std::nullopt));
  const TF_DataType computed = to_tensorflow(semantics::division_type(op.node));
  const Out scale = spread(op, g.cast(op.in(1), computed), quantization);
  const Out scaled = g.cast(g.div(g.cast(op.in(0), computed), scale), TF_FLOAT);
  std::optional<Out> zero;
  if (op.has(2)) zero = spread(op, g.cast(op.in(2), TF_INT32), quantization);
  op.out(saturate(g, scaled, zero, type));
}

// An input as int32; constants of four bits, too.
Out integers_of(const Operation& op, size_t input) {
  const import::Constant* known = op.constant(input);
  if (known == nullptr || !semantics::is_four_bits(known->type)) {
    return op.g.cast(op.in(input), TF_INT32);
  }
  return op.g.cast(op.g.constant(semantics::widened(*known).tensor()), TF_INT32);
}

void emit_dequantize(const Operation& op) {
  Graph& g = op.g;
  const Quantization quantization = read_quantization(op);
  const DataType result = semantics::dequantized_type(op.node, from_tensorflow(op.type(1)));
  Out x = integers_of(op, 0);
  if (op.has(2)) x = g.sub(x, spread(op, integers_of(op, 2), quantization));
  const Out scale = spread(op, g.cast(op.in(1), TF_FLOAT), quantization);
  op.out(g.cast(g.mul(g.cast(x, TF_FLOAT), scale), to_tensorflow(result)));
}

}  // namespace

Quantized quantize_by_range(Graph& g, Out x) {
  std::vector<int64_t> axes;
  for (size_t i = 0; i < g.rank(x); ++i) axes.push_back(static_cast<int64_t>(i));
  const Out zero = g.scalar_like(x, 0), top = g.scalar_like(x, 255);
  const Out low = g.minimum(g.reduce("Min", x, axes, false), zero);
  const Out high = g.maximum(g.reduce("Max", x, axes, false), zero);
  const Out range = g.sub(high, low);
  // A tensor of zeros has no range.
  const Out scale = g.select(g.equal(range, zero), g.scalar_like(x, 1), g.div(range, top));
  const Out start =
      g.compute("Round", {g.minimum(g.maximum(g.div(g.compute("Neg", {low}), scale), zero), top)});
  return {saturate(g, g.div(x, scale), start, TF_UINT8), scale, g.cast(start, TF_UINT8)};
}

Out quantized_and_back(Graph& g, Out x) {
  const Quantized q = quantize_by_range(g, x);
  const Out steps = g.sub(g.cast(q.value, TF_INT32), g.cast(q.zero, TF_INT32));
  return g.mul(g.cast(steps, TF_FLOAT), q.scale);
}

namespace {

void emit_dynamic_quantize(const Operation& op) {
  const Quantized q = quantize_by_range(op.g, op.in(0));
  op.out(0, q.value);
  op.out(1, q.scale);
  op.out(2, q.zero);
}

// A scale or zero point of all elements or of one axis, for a tensor of that rank.
Out along(const Operation& op, size_t input, TF_DataType type, size_t rank, int64_t axis) {
  const Out value = op.g.cast(op.in(input), type);
  const auto shape = semantics::broadcast_shape(op.shape(input), rank, axis);
  return shape ? op.g.reshape(value, *shape) : value;
}

void emit_qlinear_matmul(const Operation& op) {
  Graph& g = op.g;
  const size_t a_rank = op.rank(0), b_rank = op.rank(3);
  const auto for_rows = [&](size_t i, TF_DataType type) { return along(op, i, type, a_rank, -2); };
  const auto for_columns = [&](size_t i, TF_DataType type) {
    return along(op, i, type, b_rank, -1);
  };
  const Out a = g.sub(g.cast(op.in(0), TF_INT32), for_rows(2, TF_INT32));
  const Out b = g.sub(g.cast(op.in(3), TF_INT32), for_columns(5, TF_INT32));
  const Out product = g.cast(numpy_matmul(g, a, b), TF_FLOAT);
  const Out scales = g.mul(for_rows(1, TF_FLOAT), for_columns(4, TF_FLOAT));
  const Out factor = g.div(scales, for_rows(6, TF_FLOAT));
  op.out(saturate(g, g.mul(product, factor), for_rows(7, TF_INT32), op.type(7)));
}

void emit_qlinear_conv(const Operation& op) {
  Graph& g = op.g;
  const size_t rank = op.rank(0);
  if (rank > 4) throw Unsupported("TensorFlow has no convolution of integers in 3 dimensions");
  // Channels are the last dimension of the input, the weights and the result.
  const auto for_last = [&](size_t i, TF_DataType type) { return along(op, i, type, rank, -1); };
  const Permutation last = channels_last(rank);
  const Out x = g.sub(g.cast(op.in(0, last), TF_INT32), for_last(2, TF_INT32));
  const Out w = g.sub(g.cast(op.in(3, filters_last(rank)), TF_INT32), for_last(5, TF_INT32));
  const Windows windows = read_windows(op, kernel_of(op, 3));
  Out y = convolve(g, x, w, windows, op.integer("group", 1));
  if (op.has(8)) y = g.add(y, op.in(8));
  const Out factor =
      g.div(g.mul(for_last(1, TF_FLOAT), for_last(4, TF_FLOAT)), for_last(6, TF_FLOAT));
  op.out(saturate(g, g.mul(g.cast(y, TF_FLOAT), factor), for_last(7, TF_INT32), op.type(7)), last);
}

}  // namespace

Operators quantization_operators() {
  return {
      {"DequantizeLinear", emit_dequantize},
      {"DynamicQuantizeLinear", emit_dynamic_quantize},
      {"QLinearConv", emit_qlinear_conv},
      {"QLinearMatMul", emit_qlinear_matmul},
      {"QuantizeLinear", emit_quantize},
      {"com.microsoft.DequantizeLinear", emit_dequantize},
      {"com.microsoft.QuantizeLinear", emit_quantize},
  };
}

}  // namespace dnnbench::tf
