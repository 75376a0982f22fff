// Activation functions.
#include "activation.h"

#include <cmath>

#include "operators.h"
#include "semantics/elementwise.h"

namespace dnnbench::tf {

Out clipped(Graph& g, Out x, std::optional<Out> low, std::optional<Out> high) {
  if (low) x = g.maximum(x, *low);
  if (high) x = g.minimum(x, *high);
  return x;
}

Out hard_sigmoid(Graph& g, Out x, double alpha, double beta) {
  const Out line = g.add(g.mul(x, g.scalar_like(x, alpha)), g.scalar_like(x, beta));
  return clipped(g, line, g.scalar_like(x, 0), g.scalar_like(x, 1));
}

Out softplus(Graph& g, Out x) { return g.compute("Softplus", {x}); }

// alpha (e^x - 1) below 0, x above.
Out elu(Graph& g, Out x, double alpha) {
  if (alpha == 1) return g.compute("Elu", {x});
  const Out below = g.mul(g.compute("Expm1", {x}), g.scalar_like(x, alpha));
  return g.select(g.less(x, g.scalar_like(x, 0)), below, x);
}

Out leaky_relu(Graph& g, Out x, double alpha) {
  return g.compute("LeakyRelu", {x}, {{"alpha", static_cast<float>(alpha)}});
}

Out gelu(Graph& g, Out x, bool by_tanh) {
  const Out half = g.scalar_like(x, 0.5);
  const Out one = g.scalar_like(x, 1);
  if (!by_tanh) {
    const Out erf = g.compute("Erf", {g.mul(x, g.scalar_like(x, std::sqrt(0.5)))});
    return g.mul(g.mul(x, half), g.add(erf, one));
  }
  const Out cube = g.mul(x, g.mul(x, x));
  const Out inner = g.add(x, g.mul(cube, g.scalar_like(x, 0.044715)));
  const Out tanh = g.compute("Tanh", {g.mul(inner, g.scalar_like(x, 0.7978845608028654))});
  return g.mul(g.mul(x, half), g.add(tanh, one));
}

Out thresholded_relu(Graph& g, Out x, double alpha) {
  return g.select(g.compute("Greater", {x, g.scalar_like(x, alpha)}), x, g.call("ZerosLike", {x}));
}

namespace {

using Elementwise = Out (*)(const Operation&, Out);

// What computes each element from itself alone keeps the order in which they are stored.
EmitOperator activation(Elementwise function) {
  return [=](const Operation& op) {
    const Aligned x = op.aligned({0});
    op.out(function(op, x.operands[0]), x.permutation);
  };
}

Out celu(const Operation& op, Out x) {
  Graph& g = op.g;
  const Out alpha = g.scalar_like(x, op.number("alpha", 1));
  const Out below = g.mul(g.compute("Expm1", {g.div(x, alpha)}), alpha);
  return g.add(g.maximum(x, g.scalar_like(x, 0)), g.minimum(below, g.scalar_like(x, 0)));
}

Out selu(const Operation& op, Out x) {
  Graph& g = op.g;
  const auto [alpha, gamma] = semantics::read_selu(op.node);
  const Out below = g.mul(g.compute("Expm1", {x}), g.scalar_like(x, alpha * gamma));
  const Out above = g.mul(x, g.scalar_like(x, gamma));
  return g.select(g.less(x, g.scalar_like(x, 0)), below, above);
}

Out hard_swish(const Operation& op, Out x) {
  return op.g.mul(x, hard_sigmoid(op.g, x, 1.0 / 6, 0.5));
}

Out mish(const Operation& op, Out x) {
  return op.g.mul(x, op.g.compute("Tanh", {softplus(op.g, x)}));
}

Out swish(const Operation& op, Out x) {
  const double alpha = op.number("alpha", 1);
  const Out scaled = alpha == 1 ? x : op.g.mul(x, op.g.scalar_like(x, alpha));
  return op.g.mul(x, op.g.compute("Sigmoid", {scaled}));
}

Out shrink(const Operation& op, Out x) {
  Graph& g = op.g;
  const double lambda = op.number("lambd", 0.5);
  const Out bias = g.scalar_like(x, op.number("bias", 0));
  const Out below = g.less(x, g.scalar_like(x, -lambda));
  const Out above = g.compute("Greater", {x, g.scalar_like(x, lambda)});
  const Out inside = g.select(above, g.sub(x, bias), g.call("ZerosLike", {x}));
  return g.select(below, g.add(x, bias), inside);
}

void emit_prelu(const Operation& op) {
  Graph& g = op.g;
  const Aligned x = op.aligned({0, 1});
  const Out value = x.operands[0];
  const Out below = g.mul(value, x.operands[1]);
  op.out(g.select(g.less(value, g.scalar_like(value, 0)), below, value), x.permutation);
}

Out plain(const Operation& op, Out x, const char* operation) {
  return op.g.compute(operation, {x});
}

}  // namespace

Operators activation_operators() {
  return {
      {"Celu", activation(celu)},
      {"Elu",
       activation([](const Operation& op, Out x) { return elu(op.g, x, op.number("alpha", 1)); })},
      {"Gelu", activation([](const Operation& op, Out x) {
         return gelu(op.g, x, op.node.text("approximate", "none") == "tanh");
       })},
      {"HardSigmoid", activation([](const Operation& op, Out x) {
         return hard_sigmoid(op.g, x, op.number("alpha", 0.2), op.number("beta", 0.5));
       })},
      {"HardSwish", activation(hard_swish)},
      {"LeakyRelu", activation([](const Operation& op, Out x) {
         return leaky_relu(op.g, x, op.number("alpha", 0.01));
       })},
      {"Mish", activation(mish)},
      {"PRelu", emit_prelu},
      {"Relu", activation([](const Operation& op, Out x) { return plain(op, x, "Relu"); })},
      {"Selu", activation(selu)},
      {"Shrink", activation(shrink)},
      {"Sigmoid", activation([](const Operation& op, Out x) { return plain(op, x, "Sigmoid"); })},
      {"Softplus", activation([](const Operation& op, Out x) { return softplus(op.g, x); })},
      {"Softsign", activation([](const Operation& op, Out x) { return plain(op, x, "Softsign"); })},
      {"Swish", activation(swish)},
      {"Tanh", activation([](const Operation& op, Out x) { return plain(op, x, "Tanh"); })},
      {"ThresholdedRelu", activation([](const Operation& op, Out x) {
         return thresholded_relu(op.g, x, op.number("alpha", 1));
       })},
  };
}

}  // namespace dnnbench::tf
