#include <algorithm>
#include <cmath>

#include "evaluate/formula.h"
#include "semantics/axes.h"
#include "semantics/normalization.h"
#include "semantics/reductions.h"
#include "semantics/softmax.h"

namespace dnnbench::evaluate {
namespace {

// The elements that each element of a result is made of.
struct Lines {
  Shape shape;                  // of the result, with every reduced axis of size 1
  Shape starts_by, reduced_by;  // strides of the kept axes, and of those that are reduced
  Shape reduced;                // their sizes
  int64_t length = 1;

  int64_t start(int64_t flat) const {
    const Shape at = position_of(flat, shape);
    int64_t position = 0;
    for (size_t i = 0; i < at.size(); ++i) position += at[i] * starts_by[i];
    return position;
  }
  int64_t offset(int64_t i) const {
    int64_t position = 0;
    for (size_t axis = reduced.size(); axis-- > 0;) {
      position += i % reduced[axis] * reduced_by[axis];
      i /= reduced[axis];
    }
    return position;
  }
};

Lines lines_over(const Shape& shape, const std::vector<int64_t>& axes) {
  const Shape strides = strides_of(shape);
  Lines lines{shape, strides, {}, {}, 1};
  for (const int64_t named : axes) {
    const auto axis = static_cast<size_t>(named);
    lines.reduced.push_back(shape.at(axis));
    lines.reduced_by.push_back(strides[axis]);
    lines.length *= shape[axis];
    lines.shape[axis] = 1;
    lines.starts_by[axis] = 0;
  }
  return lines;
}

// --- reductions ------------------------------------------------------------------------------

struct Sums {
  double sum = 0, magnitude = 0, squares = 0, product = 1;
  double max = -kOpen, min = kOpen;
  bool has_nan = false;
};

Element reduced_to(const std::string& op, const Sums& sums, int64_t length) {
  const auto count = static_cast<double>(length);
  if (op == "ReduceSum") return {sums.sum, sums.magnitude};
  if (op == "ReduceMean") return {sums.sum / count, sums.magnitude / count};
  if (op == "ReduceMax") return {sums.max, sums.has_nan ? kOpen : std::abs(sums.max)};
  if (op == "ReduceMin") return {sums.min, sums.has_nan ? kOpen : std::abs(sums.min)};
  if (op == "ReduceProd") return {sums.product, std::abs(sums.product) * count};
  if (op == "ReduceSumSquare") return {sums.squares, sums.squares};
  if (op == "ReduceL1") return {sums.magnitude, sums.magnitude};
  return {std::sqrt(sums.squares), std::sqrt(sums.squares)};  // ReduceL2
}

Formula reduction(const Call& call) {
  const Operand& x = call.in(0);
  std::optional<semantics::AxesInput> axes_input;
  if (call.has(1)) axes_input = {call.in(1).count(), call.in(1).integers()};
  const auto reduction = semantics::read_reduction(call.node, axes_input);
  if (reduction.extent == semantics::Reduction::Extent::kAxesAtRunTime ||
      reduction.extent == semantics::Reduction::Extent::kNothing) {
    throw Unsupported("this form of it");
  }
  const auto axes = semantics::reduced_axes(reduction, x.rank());
  const Lines lines = lines_over(x.shape(), axes);
  Shape shape;
  for (size_t i = 0; i < x.rank(); ++i) {
    const bool gone = std::count(axes.begin(), axes.end(), static_cast<int64_t>(i)) != 0;
    if (!gone || reduction.keep_dims) shape.push_back(lines.shape[i]);
  }
  const std::string op = call.node.op;
  return {shape, lines.length, [=](int64_t flat) {
            Sums sums;
            const int64_t start = lines.start(flat);
            for (int64_t i = 0; i < lines.length; ++i) {
              const double value = x[start + lines.offset(i)];
              sums.sum += value;
              sums.magnitude += std::abs(value);
              sums.squares += value * value;
              sums.product *= value;
              sums.max = std::max(sums.max, value);
              sums.min = std::min(sums.min, value);
              sums.has_nan = sums.has_nan || std::isnan(value);
            }
            return reduced_to(op, sums, lines.length);
          }};
}

Formula extreme_index(const Call& call) {
  const Operand& x = call.in(0);
  const auto asked = semantics::read_extreme_index(call.node);
  const int64_t axis = semantics::axis_from_start(asked.axis, x.rank());
  if (x.rank() == 0) throw Unsupported("a scalar");
  const Lines lines = lines_over(x.shape(), {axis});
  Shape shape = lines.shape;
  if (!asked.keep_dims) shape.erase(shape.begin() + axis);
  const double sign = call.node.op == "ArgMin" ? -1 : 1;
  return {shape, lines.length, [=](int64_t flat) -> Element {
            const int64_t start = lines.start(flat);
            int64_t best = 0;
            bool has_nan = false;
            for (int64_t i = 0; i < lines.length; ++i) {
              const double value = sign * x[start + lines.offset(i)];
              const double so_far = sign * x[start + lines.offset(best)];
              if (value > so_far || (asked.last && value == so_far)) best = i;
              has_nan = has_nan || std::isnan(value);
            }
            return {static_cast<double>(best), has_nan ? kOpen : 0};
          }};
}

Formula softmax(const Call& call) {
  const Operand& x = call.in(0);
  const auto asked = semantics::read_softmax(call.node, x.rank());
  std::vector<int64_t> axes{asked.axis};
  if (asked.flattens) {
    for (int64_t i = asked.axis + 1; i < static_cast<int64_t>(x.rank()); ++i) axes.push_back(i);
  }
  if (x.rank() == 0) throw Unsupported("a scalar");
  const Lines lines = lines_over(x.shape(), axes);
  const bool is_log = call.node.op == "LogSoftmax";
  const Shape& shape = x.shape();
  return {shape, 2 * lines.length, [=](int64_t flat) -> Element {
            const Shape at = position_of(flat, shape);
            int64_t start = 0;
            for (size_t i = 0; i < at.size(); ++i) start += at[i] * lines.starts_by[i];
            double max = -kOpen, sum = 0;
            for (int64_t i = 0; i < lines.length; ++i) {
              max = std::max(max, x[start + lines.offset(i)]);
            }
            for (int64_t i = 0; i < lines.length; ++i) {
              sum += std::exp(x[start + lines.offset(i)] - max);
            }
            const double below = x[flat] - max;
            if (is_log) return {below - std::log(sum), 1 + std::abs(below) + std::log(sum)};
            const double share = std::exp(below) / sum;
            return {share, share * (2 + std::abs(x[flat]) + std::abs(max))};
          }};
}

// --- normalisations --------------------------------------------------------------------------

Formula batch_normalization(const Call& call) {
  const auto asked = semantics::read_batch_normalization(call.node);
  if (asked.training || call.output != 0) throw Unsupported("training");
  const Operand &x = call.in(0), &scale = call.in(1), &bias = call.in(2), &mean = call.in(3),
                &variance = call.in(4);
  if (x.rank() < 2) throw Unsupported("its input has no channels");
  const int64_t channels = x.shape()[1];
  const int64_t pixels =
      std::max<int64_t>(1, x.count() / std::max<int64_t>(1, x.shape()[0] * channels));
  return {x.shape(), 1, [=, epsilon = asked.epsilon](int64_t flat) -> Element {
            const int64_t c = flat / pixels % channels;
            const double factor = scale[c] / std::sqrt(variance[c] + epsilon);
            return {(x[flat] - mean[c]) * factor + bias[c],
                    (std::abs(x[flat]) + std::abs(mean[c])) * std::abs(factor) + std::abs(bias[c])};
          }};
}

struct Moments {
  double mean = 0, variance = 0, magnitude = 0, mean_square = 0;
};

template <typename At>
Moments moments_of(int64_t length, At at) {
  Moments m;
  const auto count = static_cast<double>(length);
  for (int64_t i = 0; i < length; ++i) {
    m.mean += at(i) / count;
    m.magnitude += std::abs(at(i)) / count;
    m.mean_square += at(i) * at(i) / count;
  }
  for (int64_t i = 0; i < length; ++i) {
    m.variance += (at(i) - m.mean) * (at(i) - m.mean) / count;
  }
  return m;
}

// (x - mean) / deviation * scale + bias. A library that computes the variance as a difference of
// squares loses what they have in common.
Element normalised(double x, const Moments& m, double epsilon, double scale, double bias) {
  const double variance = m.variance + epsilon;
  const double factor = scale / std::sqrt(variance);
  const double lost = 1 + m.mean_square / variance;
  return {(x - m.mean) * factor + bias,
          (std::abs(x) + m.magnitude) * std::abs(factor) * lost + std::abs(bias)};
}

Formula instance_normalization(const Call& call) {
  const Operand &x = call.in(0), &scale = call.in(1), &bias = call.in(2);
  if (x.rank() < 3) throw Unsupported("its input has no spatial axes");
  const int64_t channels = x.shape()[1];
  const int64_t pixels = dnnbench::element_count({x.shape().begin() + 2, x.shape().end()});
  const double epsilon = semantics::read_epsilon(call.node);
  return {x.shape(), 2 * pixels, [=](int64_t flat) {
            const int64_t first = flat / pixels * pixels, c = flat / pixels % channels;
            const Moments m = moments_of(pixels, [&](int64_t i) { return x[first + i]; });
            return normalised(x[flat], m, epsilon, scale[c], bias[c]);
          }};
}

Formula layer_normalization(const Call& call) {
  if (call.output != 0) throw Unsupported("its statistics");
  const Operand &x = call.in(0), &scale = call.in(1);
  const auto asked = semantics::read_layer_normalization(call.node, x.type(), x.rank());
  int64_t length = 1;
  for (const int64_t axis : asked.axes) length *= x.shape().at(static_cast<size_t>(axis));
  const Broadcasting at_scale(scale.shape(), x.shape());
  const Operand bias = call.has(2) ? call.in(2) : scale;
  const Broadcasting at_bias(bias.shape(), x.shape());
  const bool adds = call.has(2);
  return {x.shape(), 2 * length, [=, epsilon = asked.epsilon](int64_t flat) {
            const int64_t first = flat / length * length;
            const Moments m = moments_of(length, [&](int64_t i) { return x[first + i]; });
            return normalised(x[flat], m, epsilon, scale[at_scale(flat)],
                              adds ? bias[at_bias(flat)] : 0);
          }};
}

Formula local_response(const Call& call) {
  const Operand& x = call.in(0);
  if (x.rank() < 3) throw Unsupported("its input has no spatial axes");
  const int64_t size = call.node.integer("size", 1), channels = x.shape()[1];
  const int64_t pixels = dnnbench::element_count({x.shape().begin() + 2, x.shape().end()});
  const double alpha = call.node.number("alpha", 1e-4), beta = call.node.number("beta", 0.75),
               bias = call.node.number("bias", 1);
  return {x.shape(), size, [=](int64_t flat) -> Element {
            const int64_t c = flat / pixels % channels;
            const int64_t low = std::max<int64_t>(0, c - (size - 1) / 2);
            const int64_t high = std::min(channels - 1, c + size / 2);
            double squares = 0;
            for (int64_t i = low; i <= high; ++i) {
              const double value = x[flat + (i - c) * pixels];
              squares += value * value;
            }
            const double value =
                x[flat] / std::pow(bias + alpha / static_cast<double>(size) * squares, beta);
            return {value, 2 * std::abs(value)};
          }};
}

}  // namespace

FormulaTable reducing_formulas() {
  FormulaTable table = {
      {"ArgMax", extreme_index},
      {"ArgMin", extreme_index},
      {"Softmax", softmax},
      {"LogSoftmax", softmax},
      {"BatchNormalization", batch_normalization},
      {"InstanceNormalization", instance_normalization},
      {"LayerNormalization", layer_normalization},
      {"LRN", local_response},
  };
  for (const char* op : {"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd",
                         "ReduceSumSquare", "ReduceL1", "ReduceL2"}) {
    table[op] = reduction;
  }
  return table;
}

}  // namespace dnnbench::evaluate
