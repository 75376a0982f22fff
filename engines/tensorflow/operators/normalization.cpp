// Normalisations.
#include "semantics/normalization.h"

#include <cmath>
#include <numeric>

#include "operators.h"
#include "spatial.h"
#include "tensors.h"

namespace dnnbench::tf {
namespace {

std::vector<int64_t> axes_between(int64_t begin, size_t end) {
  std::vector<int64_t> axes(end - static_cast<size_t>(begin));
  std::iota(axes.begin(), axes.end(), begin);
  return axes;
}

// A channel's parameter for a value of that rank with channels second: [C, 1, ...].
Out per_channel(Graph& g, Out parameter, size_t rank) {
  if (rank <= 2) return parameter;
  Shape shape(rank - 1, 1);
  shape[0] = -1;
  return g.reshape(parameter, shape);
}

struct Moments {
  Out mean;
  Out variance;
};

Moments moments(Graph& g, Out x, const std::vector<int64_t>& axes) {
  const Out mean = g.reduce("Mean", x, axes, true);
  const Out squares = g.compute("SquaredDifference", {x, mean});
  return {mean, g.reduce("Mean", squares, axes, true)};
}

// gamma (x - mean) / sqrt(variance + epsilon) + beta, in the form that TensorFlow's optimiser
// recognises (that of tf.nn.batch_normalization).
Out normalize(Graph& g, Out x, const Moments& m, double epsilon, std::optional<Out> gamma,
              std::optional<Out> beta) {
  Out factor = g.compute("Rsqrt", {g.add(m.variance, g.scalar_like(x, epsilon))});
  if (gamma) factor = g.mul(factor, *gamma);
  const Out centre = g.mul(m.mean, factor);
  const Out shift = beta ? g.sub(*beta, centre) : g.compute("Neg", {centre});
  return g.add(g.mul(x, factor), shift);
}

void emit_batch_training(const Operation& op, const semantics::BatchNormalization& read) {
  Graph& g = op.g;
  const size_t rank = op.rank(0);
  std::vector<int64_t> axes{0};
  for (size_t i = 2; i < rank; ++i) axes.push_back(static_cast<int64_t>(i));
  const Out x = op.in(0);
  const Moments m = moments(g, x, axes);
  op.out(0, normalize(g, x, m, read.epsilon, per_channel(g, op.in(1), rank),
                      per_channel(g, op.in(2), rank)));
  const auto running = [&](size_t input, Out current) {
    const Out before = op.in(input);
    const Out now = g.cast(g.reshape(current, Shape{-1}), Graph::type(before));
    return g.add(g.mul(before, g.scalar_like(before, read.momentum)),
                 g.mul(now, g.scalar_like(now, 1 - read.momentum)));
  };
  if (op.wants(1)) op.out(1, running(3, m.mean));
  if (op.wants(2)) op.out(2, running(4, m.variance));
}

void emit_batch_normalization(const Operation& op) {
  Graph& g = op.g;
  const semantics::BatchNormalization read = semantics::read_batch_normalization(op.node);
  if (read.training) return emit_batch_training(op, read);
  const size_t rank = op.rank(0);
  const Permutation last = channels_last(rank);
  const double epsilon = read.epsilon;
  const TF_DataType type = op.type(0), parameter_type = op.type(3);
  const Shape shape = op.shape(0);
  if (rank == 4 && type == TF_FLOAT && parameter_type == TF_FLOAT && shape[1] > 0) {
    op.out(g.call("FusedBatchNormV3", {op.in(0, last), op.in(1), op.in(2), op.in(3), op.in(4)},
                  {{"epsilon", static_cast<float>(epsilon)}, {"is_training", false}}),
           last);
    return;
  }
  // Channels last: parameters broadcast as they are.
  const auto parameter = [&](size_t i) { return g.cast(op.in(i), type); };
  const Moments m{parameter(3), g.cast(op.in(4), type)};
  op.out(normalize(g, op.in(0, last), m, epsilon, parameter(1), parameter(2)), last);
}

void emit_instance_normalization(const Operation& op) {
  Graph& g = op.g;
  const size_t rank = op.rank(0);
  const Permutation last = channels_last(rank);
  const Out x = op.in(0, last);
  const Moments m = moments(g, x, axes_between(1, rank - 1));
  op.out(normalize(g, x, m, semantics::read_epsilon(op.node), op.in(1), op.in(2)), last);
}

using semantics::LayerNormalization;

LayerNormalization read_layer_normalization(const Operation& op) {
  return semantics::read_layer_normalization(op.node, from_tensorflow(op.type(0)), op.rank(0));
}

// (x - mean) / sqrt(variance + epsilon), cast back, times gamma, plus beta: a form that
// TensorFlow's optimiser does not recognise.
Out normalize_plainly(Graph& g, Out x, const LayerNormalization& read, Out gamma,
                      std::optional<Out> beta) {
  const Out wide = g.cast(x, to_tensorflow(read.computed));
  const Moments m = moments(g, wide, read.axes);
  const Out factor = g.compute("Rsqrt", {g.add(m.variance, g.scalar_like(wide, read.epsilon))});
  const Out y = g.mul(g.cast(g.mul(g.sub(wide, m.mean), factor), Graph::type(x)), gamma);
  return beta ? g.add(y, *beta) : y;
}

// TensorFlow's optimiser makes _MklLayerNorm of f32's recognised form over the last axis, and
// leaves that kernel's epsilon at its default. Since LN(x; e) = LN(s x; s^2 e), x is scaled until
// the default is right, fused or not. The same form over other axes would be taken for an instance
// normalisation, whatever gamma's shape.
Out layer_normalize(Graph& g, Out x, const LayerNormalization& read, Out gamma,
                    std::optional<Out> beta) {
  constexpr double kFusedEpsilon = 0.001;
  const bool last = read.axes.size() == 1;
  const bool single = Graph::type(x) == TF_FLOAT && read.computed == DataType::kFloat32;
  if (!last || !single || read.epsilon <= 0) return normalize_plainly(g, x, read, gamma, beta);
  const double factor = std::sqrt(kFusedEpsilon / read.epsilon);
  const Out scaled = factor == 1 ? x : g.mul(x, g.scalar_like(x, factor));
  return normalize(g, scaled, moments(g, scaled, read.axes), kFusedEpsilon, gamma, beta);
}

void emit_layer_normalization(const Operation& op) {
  Graph& g = op.g;
  const LayerNormalization read = read_layer_normalization(op);
  const auto beta = op.has(2) ? std::optional<Out>(op.in(2)) : std::nullopt;
  op.out(0, layer_normalize(g, op.in(0), read, op.in(1), beta));
  if (!op.wants(1) && !op.wants(2)) return;
  const TF_DataType type = to_tensorflow(read.statistics);
  const Out x = g.cast(op.in(0), to_tensorflow(read.computed));
  const Moments m = moments(g, x, read.axes);
  const Out inverse = g.compute("Rsqrt", {g.add(m.variance, g.scalar_like(x, read.epsilon))});
  op.out(1, g.cast(m.mean, type));
  op.out(2, g.cast(inverse, type));
}

void emit_rms_normalization(const Operation& op) {
  Graph& g = op.g;
  const LayerNormalization read = read_layer_normalization(op);
  const Out wide = g.cast(op.in(0), to_tensorflow(read.computed));
  const Out mean = g.reduce("Mean", g.compute("Square", {wide}), read.axes, true);
  const Out factor = g.compute("Rsqrt", {g.add(mean, g.scalar_like(mean, read.epsilon))});
  op.out(g.mul(g.cast(g.mul(wide, factor), op.type(0)), op.in(1)));
}

// y = x / (bias + alpha/size * sum of squares of neighbouring channels)^beta.
void emit_lrn(const Operation& op) {
  Graph& g = op.g;
  const size_t rank = op.rank(0);
  const Permutation last = channels_last(rank);
  const int64_t size = op.integer("size", 1);
  const double alpha = op.number("alpha", 1e-4) / static_cast<double>(size);
  const double beta = op.number("beta", 0.75), bias = op.number("bias", 1);
  const Out x = op.in(0, last);
  if (rank == 4 && size % 2 == 1 && Graph::type(x) == TF_FLOAT) {
    op.out(g.call("LRN", {x},
                  {{"depth_radius", (size - 1) / 2},
                   {"bias", static_cast<float>(bias)},
                   {"alpha", static_cast<float>(alpha)},
                   {"beta", static_cast<float>(beta)}}),
           last);
    return;
  }
  std::vector<int64_t> paddings(2 * rank, 0);
  paddings[2 * rank - 2] = (size - 1) / 2;
  paddings[2 * rank - 1] = size - 1 - (size - 1) / 2;
  const Out squares =
      g.call("Pad", {g.compute("Square", {x}), g.reshape(g.ints(paddings), Shape{-1, 2})});
  const int64_t channels = op.static_shape(0)[1];
  Out sum = g.slice(squares, static_cast<int64_t>(rank) - 1, 0, channels);
  for (int64_t i = 1; i < size; ++i) {
    sum = g.add(sum, g.slice(squares, static_cast<int64_t>(rank) - 1, i, i + channels));
  }
  const Out base = g.add(g.mul(sum, g.scalar_like(x, alpha)), g.scalar_like(x, bias));
  op.out(g.mul(x, g.compute("Pow", {base, g.scalar_like(x, -beta)})), last);
}

void emit_lp_normalization(const Operation& op) {
  Graph& g = op.g;
  const size_t rank = op.rank(0);
  const int64_t axis = op.axis("axis", -1, rank);
  const Out x = op.in(0);
  Out norm;
  if (op.integer("p", 2) == 1) {
    norm = g.reduce("Sum", g.compute("Abs", {x}), {axis}, true);
  } else {
    norm = g.compute("Sqrt", {g.reduce("Sum", g.compute("Square", {x}), {axis}, true)});
  }
  // Zeros stay zeros.
  const Out is_zero = g.equal(norm, g.scalar_like(norm, 0));
  op.out(g.select(is_zero, g.call("ZerosLike", {x}),
                  g.div(x, g.select(is_zero, g.call("OnesLike", {norm}), norm))));
}

}  // namespace

Operators normalization_operators() {
  return {
      {"BatchNormalization", emit_batch_normalization},
      {"InstanceNormalization", emit_instance_normalization},
      {"LRN", emit_lrn},
      {"LayerNormalization", emit_layer_normalization},
      {"LpNormalization", emit_lp_normalization},
      {"RMSNormalization", emit_rms_normalization},
      {"SimplifiedLayerNormalization", emit_rms_normalization},
  };
}

}  // namespace dnnbench::tf
