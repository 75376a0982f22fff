#include <algorithm>
#include <cmath>

#include "evaluate/formula.h"
#include "semantics/windows.h"

namespace dnnbench::evaluate {
namespace {

using semantics::TransposedWindows;
using semantics::Windows;

int64_t product(const Shape& shape) { return dnnbench::element_count(shape); }

// The axes behind batch and channels.
Shape spatial(const Operand& x) {
  if (x.rank() < 3) throw Unsupported("its input has no spatial axes");
  return {x.shape().begin() + 2, x.shape().end()};
}

Shape with_channels(int64_t batch, int64_t channels, const Shape& sizes) {
  Shape shape{batch, channels};
  shape.insert(shape.end(), sizes.begin(), sizes.end());
  return shape;
}

// Visits the places of a kernel: `visit(place, position among the channel's elements)`, without
// those for which `input_at(axis, place on the axis)` lies outside of the input (-1).
template <typename InputAt, typename Visit>
void for_each_place(const Shape& kernel, const Shape& input, InputAt input_at, Visit visit) {
  const int64_t places = product(kernel);
  for (int64_t place = 0; place < places; ++place) {
    int64_t left = place, position = 0, stride = 1;
    bool inside = true;
    for (size_t axis = kernel.size(); axis-- > 0 && inside;) {
      const int64_t at = input_at(axis, left % kernel[axis]);
      left /= kernel[axis];
      inside = at >= 0 && at < input[axis];
      position += at * stride;
      stride *= input[axis];
    }
    if (inside) visit(place, position);
  }
}

// The same for the window of one output element.
template <typename Visit>
void for_each_in_window(const Windows& w, const Shape& at, Visit visit) {
  const auto input_at = [&](size_t axis, int64_t place) {
    return at[axis + 2] * w.strides[axis] + place * w.dilations[axis] - w.before[axis];
  };
  for_each_place(w.kernel, w.input, input_at, visit);
}

Element bias_of(const Call& call, int64_t channel) {
  if (!call.has(2)) return {};
  const double bias = call.in(2)[channel];
  return {bias, std::abs(bias)};
}

struct Groups {
  int64_t count;
  int64_t in;   // channels in each
  int64_t out;  // channels that come out of each
};

Formula convolution(const Call& call) {
  const Operand &x = call.in(0), &w = call.in(1);
  const Windows windows = semantics::read_windows(call.node, spatial(x), spatial(w));
  const int64_t count = call.node.integer("group", 1);
  if (count <= 0 || w.shape()[1] * count != x.shape()[1] || w.shape()[0] % count != 0 ||
      windows.kernel != spatial(w)) {
    throw Unsupported("its weights don't fit its input");
  }
  const Groups groups{count, w.shape()[1], w.shape()[0] / count};
  const int64_t pixels = product(windows.input), places = product(windows.kernel);
  const Shape shape = with_channels(x.shape()[0], w.shape()[0], windows.output);
  return {shape, groups.in * places, [=](int64_t flat) {
            const Shape at = position_of(flat, shape);
            Element sum = bias_of(call, at[1]);
            const int64_t first = at[0] * x.shape()[1] + at[1] / groups.out * groups.in;
            for_each_in_window(windows, at, [&](int64_t place, int64_t position) {
              for (int64_t c = 0; c < groups.in; ++c) {
                const double term = x[(first + c) * pixels + position] *
                                    w[(at[1] * groups.in + c) * places + place];
                sum.value += term;
                sum.magnitude += std::abs(term);
              }
            });
            return sum;
          }};
}

Formula transposed_convolution(const Call& call) {
  const Operand &x = call.in(0), &w = call.in(1);
  const TransposedWindows t = semantics::read_transposed_windows(call.node, spatial(x), spatial(w));
  const int64_t count = call.node.integer("group", 1);
  if (count <= 0 || w.shape()[0] != x.shape()[1] || w.shape()[0] % count != 0 ||
      t.kernel != spatial(w)) {
    throw Unsupported("its weights don't fit its input");
  }
  const Groups groups{count, x.shape()[1] / count, w.shape()[1]};
  const int64_t pixels = product(t.input), places = product(t.kernel);
  const Shape shape = with_channels(x.shape()[0], groups.out * count, t.output);
  return {shape, groups.in * places, [=](int64_t flat) {
            const Shape at = position_of(flat, shape);
            Element sum = bias_of(call, at[1]);
            const int64_t channel = at[1] / groups.out * groups.in;
            const auto input_at = [&](size_t axis, int64_t place) {
              const int64_t from = at[axis + 2] + t.before[axis] - place * t.dilations[axis];
              return from % t.strides[axis] == 0 ? from / t.strides[axis] : -1;
            };
            for_each_place(t.kernel, t.input, input_at, [&](int64_t place, int64_t position) {
              for (int64_t c = channel; c < channel + groups.in; ++c) {
                const double term = x[(at[0] * x.shape()[1] + c) * pixels + position] *
                                    w[(c * groups.out + at[1] % groups.out) * places + place];
                sum.value += term;
                sum.magnitude += std::abs(term);
              }
            });
            return sum;
          }};
}

// --- matrix products -------------------------------------------------------------------------

Element dot(const Operand& a, int64_t a_at, int64_t a_step, const Operand& b, int64_t b_at,
            int64_t b_step, int64_t terms) {
  Element sum;
  for (int64_t k = 0; k < terms; ++k) {
    const double term = a[a_at + k * a_step] * b[b_at + k * b_step];
    sum.value += term;
    sum.magnitude += std::abs(term);
  }
  return sum;
}

// A vector becomes a matrix of one row (first operand) or one column.
Formula matrix_product(const Call& call) {
  const Operand &a = call.in(0), &b = call.in(1);
  if (a.rank() == 0 || b.rank() == 0) throw Unsupported("a factor is a scalar");
  Shape of_a = a.shape(), of_b = b.shape();
  if (a.rank() == 1) of_a.insert(of_a.begin(), 1);
  if (b.rank() == 1) of_b.push_back(1);
  const int64_t rows = of_a[of_a.size() - 2], terms = of_a.back(), columns = of_b.back();
  if (of_b[of_b.size() - 2] != terms) throw Unsupported("shapes that don't fit");
  const Shape batch_a(of_a.begin(), of_a.end() - 2), batch_b(of_b.begin(), of_b.end() - 2);
  Shape shape = broadcast(batch_a, batch_b);
  const Broadcasting at_a(batch_a, shape), at_b(batch_b, shape);
  if (a.rank() > 1) shape.push_back(rows);
  if (b.rank() > 1) shape.push_back(columns);
  return {shape, terms, [=](int64_t flat) {
            const int64_t column = flat % columns, row = flat / columns % rows;
            const int64_t batch = flat / columns / rows;
            return dot(a, (at_a(batch) * rows + row) * terms, 1, b,
                       at_b(batch) * terms * columns + column, columns, terms);
          }};
}

Formula gemm(const Call& call) {
  const Operand &a = call.in(0), &b = call.in(1);
  if (a.rank() != 2 || b.rank() != 2) throw Unsupported("a factor is not a matrix");
  const bool flips_a = call.node.integer("transA", 0) != 0;
  const bool flips_b = call.node.integer("transB", 0) != 0;
  const double alpha = call.node.number("alpha", 1), beta = call.node.number("beta", 1);
  const int64_t terms = a.shape()[flips_a ? 0 : 1];
  const Shape shape{a.shape()[flips_a ? 1 : 0], b.shape()[flips_b ? 0 : 1]};
  if (b.shape()[flips_b ? 1 : 0] != terms) throw Unsupported("shapes that don't fit");
  const Operand c = call.has(2) ? call.in(2) : a;
  const Broadcasting at_c(call.has(2) ? c.shape() : Shape(), shape);
  const bool adds = call.has(2);
  return {shape, terms, [=](int64_t flat) {
            const int64_t row = flat / shape[1], column = flat % shape[1];
            Element sum = dot(a, flips_a ? row : row * terms, flips_a ? shape[0] : 1, b,
                              flips_b ? column * terms : column, flips_b ? 1 : shape[1], terms);
            sum = {alpha * sum.value, std::abs(alpha) * sum.magnitude};
            if (!adds) return sum;
            const double added = beta * c[at_c(flat)];
            return Element{sum.value + added, sum.magnitude + std::abs(added)};
          }};
}

// --- pools -----------------------------------------------------------------------------------

struct Pooled {
  double sum = 0, magnitude = 0, max = -kOpen;
  int64_t count = 0;
  bool has_nan = false;
};

void add(double value, Pooled& pooled) {
  pooled.sum += value;
  pooled.magnitude += std::abs(value);
  pooled.max = std::max(pooled.max, value);
  pooled.has_nan = pooled.has_nan || std::isnan(value);
  ++pooled.count;
}

Element largest(const Pooled& pooled) {
  return {pooled.max, pooled.has_nan || pooled.count == 0 ? kOpen : std::abs(pooled.max)};
}

Element average(const Pooled& pooled, double divisor) {
  if (divisor == 0) return {0, kOpen};
  return {pooled.sum / divisor, pooled.magnitude / divisor};
}

Formula pool(const Call& call) {
  if (call.output != 0) throw Unsupported("its indices");
  const Operand& x = call.in(0);
  const Windows windows = semantics::read_windows(call.node, spatial(x), {});
  const bool is_max = call.node.op == "MaxPool";
  const bool counts_padding = call.node.integer("count_include_pad", 0) != 0;
  const auto divisors =
      is_max ? std::vector<double>() : semantics::window_counts(windows, counts_padding);
  const int64_t pixels = product(windows.input), results = product(windows.output);
  const Shape shape = with_channels(x.shape()[0], x.shape()[1], windows.output);
  return {shape, product(windows.kernel), [=](int64_t flat) {
            Pooled pooled;
            for_each_in_window(windows, position_of(flat, shape), [&](int64_t, int64_t position) {
              add(x[flat / results * pixels + position], pooled);
            });
            if (is_max) return largest(pooled);
            return average(pooled, divisors[static_cast<size_t>(flat % results)]);
          }};
}

Formula global_pool(const Call& call) {
  const Operand& x = call.in(0);
  const int64_t pixels = product(spatial(x));
  const bool is_max = call.node.op == "GlobalMaxPool";
  const Shape shape = with_channels(x.shape()[0], x.shape()[1], Shape(x.rank() - 2, 1));
  return {shape, pixels, [=](int64_t flat) {
            Pooled pooled;
            for (int64_t i = 0; i < pixels; ++i) add(x[flat * pixels + i], pooled);
            return is_max ? largest(pooled) : average(pooled, static_cast<double>(pixels));
          }};
}

}  // namespace

FormulaTable product_formulas() {
  return {
      {"Conv", convolution},
      {"ConvTranspose", transposed_convolution},
      {"MatMul", matrix_product},
      {"Gemm", gemm},
      {"MaxPool", pool},
      {"AveragePool", pool},
      {"GlobalMaxPool", global_pool},
      {"GlobalAveragePool", global_pool},
  };
}

}  // namespace dnnbench::evaluate
