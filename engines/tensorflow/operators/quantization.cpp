// Quantisation, and operators on quantised tensors. Those compute as ONNX Runtime's do: the sum of
// products in int32, then one factor in f32, round half to even, zero point, saturate.
#include "quantization.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "convolution.h"
#include "core/error.h"
#include "matrix.h"
#include "operators.h"
#include "semantics/four_bits.h"

namespace dnnbench::tf {
namespace {

struct Limits {
  double low;
  double high;
};

Limits limits_of(TF_DataType type) {
  switch (type) {
    case TF_UINT8:
      return {0, 255};
    case TF_INT8:
      return {-128, 127};
    case TF_UINT16:
      return {0, 65535};
    case TF_INT16:
      return {-32768, 32767};
    case TF_INT32:
      return {-2147483648.0, 2147483647.0};
    default:
      throw Unsupported("TensorFlow does not compute with elements of that quantised type");
  }
}

// A scale or zero point for a tensor of that rank: of one element, of an axis, or of blocks along
// it.
Out spread_parameter(Graph& g, Out parameter, const Shape& shape, int64_t axis, int64_t block) {
  const Shape own = g.shape(parameter);
  if (own.empty() || (own.size() == 1 && own[0] == 1 && block == 0))
    return g.reshape(parameter, Shape{});
  if (block != 0) {
    std::vector<int64_t> blocks;
    for (int64_t i = 0; i < shape[static_cast<size_t>(axis)]; ++i) blocks.push_back(i / block);
    return g.gather(parameter, g.ints(blocks), axis);
  }
  Shape along(shape.size(), 1);
  along[static_cast<size_t>(axis)] = -1;
  return g.reshape(parameter, along);
}

// Rounded, moved by the zero point, saturated. x is f32 or f64.
Out saturate(Graph& g, Out x, std::optional<Out> zero_point, TF_DataType type) {
  const TF_DataType computed = Graph::type(x);
  const Limits limits = limits_of(type);
  x = g.compute("Round", {x});
  if (zero_point) x = g.add(x, g.cast(*zero_point, computed));
  x = g.minimum(g.maximum(x, g.scalar(computed, limits.low)), g.scalar(computed, limits.high));
  return g.cast(x, type);
}

// The attribute's default, 1, is allowed for a tensor of one dimension.
int64_t axis_of_parameters(const Operation& n, const Shape& shape) {
  if (shape.empty()) return 0;
  return semantics::axis_from_start(n.integer("axis", 1), shape.size() == 1 ? 2 : shape.size());
}

void emit_quantize(const Operation& n) {
  Graph& g = n.g;
  const Shape shape = n.shape(0);
  const int64_t axis = axis_of_parameters(n, shape);
  const int64_t block = n.integer("block_size", 0);
  const auto output = static_cast<DataType>(n.integer("output_dtype", 0));
  const TF_DataType type = n.has(2)                         ? n.type(2)
                           : output != DataType::kUndefined ? to_tensorflow(output)
                                                            : TF_UINT8;
  limits_of(type);
  // A half is divided in f32, as it is by ONNX Runtime.
  const Out x = g.cast(n.in(0), TF_FLOAT);
  const Out scale = spread_parameter(g, g.cast(n.in(1), TF_FLOAT), shape, axis, block);
  std::optional<Out> zero;
  if (n.has(2)) zero = spread_parameter(g, g.cast(n.in(2), TF_INT32), shape, axis, block);
  n.out(saturate(g, g.div(x, scale), zero, type));
}

// An input as int32; constants of four bits, too.
Out integers_of(const Operation& n, size_t input) {
  const import::Constant* known = n.constant(input);
  if (known == nullptr || !semantics::is_four_bits(known->type)) {
    return n.g.cast(n.in(input), TF_INT32);
  }
  return n.g.cast(n.g.constant(semantics::widened(*known).tensor()), TF_INT32);
}

void emit_dequantize(const Operation& n) {
  Graph& g = n.g;
  const Shape shape = n.shape(0);
  const int64_t axis = axis_of_parameters(n, shape);
  const int64_t block = n.integer("block_size", 0);
  const TF_DataType result = n.type(1);
  Out x = integers_of(n, 0);
  if (n.has(2)) x = g.sub(x, spread_parameter(g, integers_of(n, 2), shape, axis, block));
  const Out scale = spread_parameter(g, g.cast(n.in(1), TF_FLOAT), shape, axis, block);
  n.out(g.cast(g.mul(g.cast(x, TF_FLOAT), scale), result));
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

void emit_dynamic_quantize(const Operation& n) {
  const Quantized q = quantize_by_range(n.g, n.in(0));
  n.out(0, q.value);
  n.out(1, q.scale);
  n.out(2, q.zero);
}

// The parameters of one output column or channel each, or one for all; for the last dimension.
Out for_last(const Operation& n, size_t input, TF_DataType type) {
  const Out value = n.g.cast(n.in(input), type);
  const Shape shape = n.g.shape(value);
  return shape.size() == 1 && shape[0] == 1 ? n.g.reshape(value, Shape{}) : value;
}

// The same for rows.
Out for_rows(const Operation& n, size_t input, TF_DataType type) {
  const Out value = for_last(n, input, type);
  return n.g.rank(value) == 1 ? n.g.expand_dims(value, 1) : value;
}

void emit_matmul(const Operation& n) {
  Graph& g = n.g;
  const Out a = g.sub(g.cast(n.in(0), TF_INT32), for_rows(n, 2, TF_INT32));
  const Out b = g.sub(g.cast(n.in(3), TF_INT32), for_last(n, 5, TF_INT32));
  const Out product = g.cast(numpy_matmul(g, a, b), TF_FLOAT);
  const Out scales = g.mul(for_rows(n, 1, TF_FLOAT), for_last(n, 4, TF_FLOAT));
  const Out factor = g.div(scales, for_rows(n, 6, TF_FLOAT));
  n.out(saturate(g, g.mul(product, factor), for_rows(n, 7, TF_INT32), n.type(7)));
}

void emit_conv(const Operation& n) {
  Graph& g = n.g;
  const size_t rank = n.rank(0);
  if (rank > 4) throw Unsupported("TensorFlow has no convolution of integers in 3 dimensions");
  const Permutation last = channels_last(rank);
  const Out x = g.sub(g.cast(n.in(0, last), TF_INT32), for_last(n, 2, TF_INT32));
  const Out w = g.sub(g.cast(n.in(3, filters_last(rank)), TF_INT32), for_last(n, 5, TF_INT32));
  const Windows windows = read_windows(n, kernel_of(n, 3));
  Out y = convolve(g, x, w, windows, n.integer("group", 1));
  if (n.has(8)) y = g.add(y, n.in(8));
  const Out factor =
      g.div(g.mul(for_last(n, 1, TF_FLOAT), for_last(n, 4, TF_FLOAT)), for_last(n, 6, TF_FLOAT));
  n.out(saturate(g, g.mul(g.cast(y, TF_FLOAT), factor), for_last(n, 7, TF_INT32), n.type(7)), last);
}

}  // namespace

Operators quantization_operators() {
  return {
      {"DequantizeLinear", emit_dequantize},
      {"DynamicQuantizeLinear", emit_dynamic_quantize},
      {"QLinearConv", emit_conv},
      {"QLinearMatMul", emit_matmul},
      {"QuantizeLinear", emit_quantize},
      {"com.microsoft.DequantizeLinear", emit_dequantize},
      {"com.microsoft.QuantizeLinear", emit_quantize},
  };
}

}  // namespace dnnbench::tf
