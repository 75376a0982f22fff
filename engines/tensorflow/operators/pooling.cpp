// Pools: greatest, mean and p-norm over windows or over all of a channel, and unpooling.
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "core/error.h"
#include "operators.h"
#include "spatial.h"

namespace dnnbench::tf {
namespace {

std::vector<int64_t> range_list(size_t begin, size_t end) {
  std::vector<int64_t> list;
  for (size_t i = begin; i < end; ++i) list.push_back(static_cast<int64_t>(i));
  return list;
}

double lowest(TF_DataType type) {
  switch (type) {
    case TF_INT8:
      return -128;
    case TF_INT16:
      return -32768;
    case TF_INT32:
      return -2147483648.0;
    case TF_UINT8:
    case TF_UINT16:
    case TF_UINT32:
    case TF_UINT64:
      return 0;
    case TF_INT64:
      return -9223372036854775808.0;
    default:
      return -std::numeric_limits<double>::infinity();
  }
}

// The places in a window: the axes that extract_windows adds.
std::vector<int64_t> place_axes(const Windows& w) {
  std::vector<int64_t> axes;
  for (size_t i = 0; i < w.dimensions(); ++i) axes.push_back(static_cast<int64_t>(2 + 2 * i));
  return axes;
}

Out max_by_windows(Graph& g, Out x, const Windows& w) {
  return g.reduce("Max", extract_windows(g, x, w, lowest(Graph::type(x))), place_axes(w), false);
}

Out max_pool(Graph& g, Out x, const Windows& w) {
  const bool simple = (w.dimensions() == 2 || w.dimensions() == 1) && !w.dilated();
  if (!simple && !(w.dimensions() == 3 && !w.dilated() && Graph::type(x) == TF_FLOAT)) {
    return max_by_windows(g, x, w);
  }
  const bool same = is_same_padding(w);
  Out padded = same ? x : pad_spatial(g, x, w, lowest(Graph::type(x)));
  Shape kernel = w.kernel, strides = w.strides;
  if (w.dimensions() == 1) {
    kernel.insert(kernel.begin(), 1);
    strides.insert(strides.begin(), 1);
    padded = g.expand_dims(padded, 1);
  }
  const Out y = g.compute(w.dimensions() == 3 ? "MaxPool3D" : "MaxPool", {padded},
                          {{"ksize", channels_last_list(kernel)},
                           {"strides", channels_last_list(strides)},
                           {"padding", std::string(same ? "SAME" : "VALID")}});
  return w.dimensions() == 1 ? g.squeeze(y, {1}) : y;
}

// Greatest element and where it is in the whole tensor, in the model's order.
void max_with_indices(const Operation& op, Out x, const Windows& w) {
  Graph& g = op.g;
  const size_t count = w.dimensions();
  const Out windows = extract_windows(g, x, w, lowest(Graph::type(x)));
  // [N, o1, k1, o2, k2, ..., C] -> [N, o1, o2, ..., C, k1 k2 ...]
  std::vector<int> axes{0};
  for (size_t i = 0; i < count; ++i) axes.push_back(static_cast<int>(1 + 2 * i));
  axes.push_back(static_cast<int>(1 + 2 * count));
  for (size_t i = 0; i < count; ++i) axes.push_back(static_cast<int>(2 + 2 * i));
  const Shape input = op.static_shape(0);
  Shape flat{input[0]};
  flat.insert(flat.end(), w.output.begin(), w.output.end());
  flat.push_back(input[1]);
  const int64_t places = element_count(w.kernel);
  flat.push_back(places);
  const Out rows = g.reshape(g.transpose(windows, axes), flat);
  const auto last = static_cast<int64_t>(count) + 2;
  const Out best = g.compute("ArgMax", {rows, g.int_scalar(last)}, {{"output_type", TF_INT64}});
  const int64_t channel_size = element_count(w.input);
  const std::vector<int64_t> table =
      semantics::window_positions(w, op.integer("storage_order", 0) != 0);
  // The row of each window in the table, then the place in the row.
  const int64_t window_count = element_count(w.output);
  std::vector<int64_t> starts;
  for (int64_t i = 0; i < window_count; ++i) starts.push_back(i * places);
  Shape starts_shape = w.output;
  starts_shape.push_back(1);
  const Out row = g.reshape(g.longs(starts), starts_shape);
  Out position = g.gather(g.longs(table), g.add(best, row), 0);
  const auto offsets = [&](int64_t many, int64_t step, const Shape& shape) {
    std::vector<int64_t> list;
    for (int64_t i = 0; i < many; ++i) list.push_back(i * step);
    return g.reshape(g.longs(list), shape);
  };
  position = g.add(position, offsets(input[1], channel_size, {input[1]}));
  Shape batch(count + 2, 1);
  batch[0] = input[0];
  position = g.add(position, offsets(input[0], channel_size * input[1], batch));
  const Permutation order = channels_last(count + 2);
  op.out(0, g.reduce("Max", rows, {last}, false), order);
  op.out(1, position, order);
}

void emit_max_pool(const Operation& op) {
  const Permutation last = channels_last(op.rank(0));
  const Windows w = read_windows(op);
  const Out x = op.in(0, last);
  if (op.wants(1)) return max_with_indices(op, x, w);
  op.out(max_pool(op.g, x, w), last);
}

// The mean over windows of a tensor that is zero outside, which counts; nullopt where the library
// has none.
std::optional<Out> window_mean(Graph& g, Out x, const Windows& w) {
  if (w.dimensions() > 2 || w.dilated() || Graph::type(x) != TF_FLOAT) return std::nullopt;
  Out padded = pad_spatial(g, x, w, 0);
  Shape kernel = w.kernel, strides = w.strides;
  if (w.dimensions() == 1) {
    kernel.insert(kernel.begin(), 1);
    strides.insert(strides.begin(), 1);
    padded = g.expand_dims(padded, 1);
  }
  const Out mean = g.compute("AvgPool", {padded},
                             {{"ksize", channels_last_list(kernel)},
                              {"strides", channels_last_list(strides)},
                              {"padding", std::string("VALID")}});
  return w.dimensions() == 1 ? g.squeeze(mean, {1}) : mean;
}

// The sum over windows of a tensor that is zero outside.
Out window_sum(Graph& g, Out x, const Windows& w) {
  const auto mean = window_mean(g, x, w);
  if (!mean) return g.reduce("Sum", extract_windows(g, x, w, 0), place_axes(w), false);
  return g.mul(*mean, g.scalar_like(*mean, static_cast<double>(element_count(w.kernel))));
}

void emit_average_pool(const Operation& op) {
  Graph& g = op.g;
  const Permutation last = channels_last(op.rank(0));
  const Windows w = read_windows(op);
  const Out x = op.in(0, last);
  const bool padding_counts = op.integer("count_include_pad", 0) != 0;
  // TensorFlow's own leaves padding out.
  if (w.dimensions() == 2 && !w.dilated() && is_same_padding(w) &&
      (!padding_counts || !w.padded())) {
    op.out(g.compute("AvgPool", {x},
                     {{"ksize", channels_last_list(w.kernel)},
                      {"strides", channels_last_list(w.strides)},
                      {"padding", std::string("SAME")}}),
           last);
    return;
  }
  const std::vector<double> counts = semantics::window_counts(w, padding_counts);
  const auto whole = static_cast<double>(element_count(w.kernel));
  if (std::count(counts.begin(), counts.end(), whole) == std::ssize(counts)) {
    if (const auto mean = window_mean(g, x, w)) return op.out(*mean, last);
  }
  const Out sum = window_sum(g, x, w);
  op.out(g.div(sum, g.floats(Graph::type(x), channels_last_list(w.output), counts)), last);
}

Out power(Graph& g, Out x, double exponent) {
  if (exponent == 1) return x;
  if (exponent == 2) return g.compute("Square", {x});
  if (exponent == 0.5) return g.compute("Sqrt", {x});
  return g.compute("Pow", {x, g.scalar_like(x, exponent)});
}

void emit_lp_pool(const Operation& op) {
  Graph& g = op.g;
  const Permutation last = channels_last(op.rank(0));
  const Windows w = read_windows(op);
  const double p = static_cast<double>(op.node.integer("p", 2));
  const Out x = power(g, g.compute("Abs", {op.in(0, last)}), p);
  op.out(power(g, window_sum(g, x, w), 1 / p), last);
}

void emit_global(const Operation& op, const char* reduction) {
  const size_t rank = op.rank(0);
  const Permutation last = channels_last(rank);
  op.out(op.g.reduce(reduction, op.in(0, last), range_list(1, rank - 1), true), last);
}

void emit_global_lp(const Operation& op) {
  Graph& g = op.g;
  const size_t rank = op.rank(0);
  const Permutation last = channels_last(rank);
  const double p = static_cast<double>(op.node.integer("p", 2));
  const Out x = power(g, g.compute("Abs", {op.in(0, last)}), p);
  op.out(power(g, g.reduce("Sum", x, range_list(1, rank - 1), true), 1 / p), last);
}

void emit_max_unpool(const Operation& op) {
  Graph& g = op.g;
  const Shape input = op.static_shape(0);
  Shape output{input[0], input[1]};
  const Shape spatial = semantics::unpooled_sizes(op.node, spatial_sizes(op, 0));
  output.insert(output.end(), spatial.begin(), spatial.end());
  // The positions are those in a tensor of the sizes that the pool would have undone.
  const Out indices = g.reshape(op.in(1), Shape{-1, 1});
  const Out values = g.reshape(op.in(0), Shape{-1});
  const Shape wanted = op.has(2) ? op.integers(2, "output sizes") : output;
  const Shape inner = op.has(2) ? output : wanted;
  // Windows that overlap may give the same position twice, with the same value.
  const Out zeros = g.call("Fill", {g.longs({element_count(inner)}), g.scalar_like(values, 0)});
  const Out flat = g.call("TensorScatterUpdate", {zeros, indices, values});
  Out y = g.reshape(flat, inner);
  if (wanted != inner) {
    std::vector<int64_t> paddings;
    for (size_t i = 0; i < wanted.size(); ++i) {
      paddings.push_back(0);
      paddings.push_back(wanted[i] - inner[i]);
    }
    y = g.call("Pad", {y, g.reshape(g.ints(paddings), Shape{-1, 2})});
  }
  op.out(y);
}

}  // namespace

Operators pooling_operators() {
  return {
      {"AveragePool", emit_average_pool},
      {"GlobalAveragePool", [](const Operation& op) { emit_global(op, "Mean"); }},
      {"GlobalLpPool", emit_global_lp},
      {"GlobalMaxPool", [](const Operation& op) { emit_global(op, "Max"); }},
      {"LpPool", emit_lp_pool},
      {"MaxPool", emit_max_pool},
      {"MaxUnpool", emit_max_unpool},
  };
}

}  // namespace dnnbench::tf
