// Activation functions.
#include <fmt/format.h>

#include "operators.h"
#include "semantics/elementwise.h"

namespace dnnbench::pytorch {
namespace {

// One input, `{}` in the text.
EmitOperator unary(const char* text) {
  return [=](Operation& op) { op.out(fmt::format(fmt::runtime(text), op.in(0))); };
}

std::string attribute(const Operation& op, const char* name, double otherwise) {
  return number(op.node.number(name, otherwise));
}

void emit_elu(Operation& op) {
  op.out(fmt::format("torch.elu({}, {})", op.in(0), attribute(op, "alpha", 1)));
}

void emit_celu(Operation& op) {
  op.out(fmt::format("torch.celu({}, {})", op.in(0), attribute(op, "alpha", 1)));
}

void emit_selu(Operation& op) {
  const semantics::Selu selu = semantics::read_selu(op.node);
  op.out(fmt::format("torch.elu({}, {}, {})", op.in(0), number(selu.alpha), number(selu.gamma)));
}

void emit_gelu(Operation& op) {
  op.out(fmt::format("torch.gelu({}, approximate=\"{}\")", op.in(0),
                     op.node.text("approximate", "none")));
}

void emit_hard_sigmoid(Operation& op) {
  const double alpha = op.node.number("alpha", 0.2), beta = op.node.number("beta", 0.5);
  if (static_cast<float>(alpha) == 1.0F / 6 && beta == 0.5) {
    return op.out(fmt::format("torch.hardsigmoid({})", op.in(0)));
  }
  op.out(fmt::format("torch.clamp({} * {} + {}, 0.0, 1.0)", op.in(0), number(alpha), number(beta)));
}

void emit_leaky_relu(Operation& op) {
  op.out(fmt::format("torch.leaky_relu({}, {})", op.in(0), attribute(op, "alpha", 0.01)));
}

void emit_thresholded_relu(Operation& op) {
  op.out(fmt::format("torch.where({0} > {1}, {0}, torch.zeros_like({0}))", op.in(0),
                     attribute(op, "alpha", 1)));
}

void emit_shrink(Operation& op) {
  op.out(fmt::format(
      "torch.where({0} < -{1}, {0} + {2}, torch.where({0} > {1}, {0} - {2}, "
      "torch.zeros_like({0}))).to({3})",
      op.in(0), attribute(op, "lambd", 0.5), attribute(op, "bias", 0), dtype(op.type(0))));
}

void emit_swish(Operation& op) {
  op.out(fmt::format("{0} * torch.sigmoid({1} * {0})", op.in(0), attribute(op, "alpha", 1)));
}

// Whether the slope is one number, or one for each channel.
bool is_slope_of_channels(const Operation& op) {
  const auto slope = op.shape(1);
  const auto rank = static_cast<size_t>(op.known_rank(0).value_or(0));
  if (!slope || rank < 2 || slope->size() > rank || !is_floating_point(op.type(0))) return false;
  const int64_t count = element_count(*slope);
  return count == 1 || (slope->size() + 1 >= rank && count == (*slope)[slope->size() + 1 - rank]);
}

void emit_prelu(Operation& op) {
  if (is_slope_of_channels(op)) {
    return op.out(fmt::format("torch.prelu({}, {}.reshape([-1]))", op.in(0), op.in(1)));
  }
  op.out(fmt::format("torch.where({0} >= 0, {0}, {0} * {1})", op.in(0), op.in(1)));
}

}  // namespace

Operators activation_operators() {
  return {
      {"Celu", emit_celu},
      {"Elu", emit_elu},
      {"Gelu", emit_gelu},
      {"HardSigmoid", emit_hard_sigmoid},
      {"HardSwish", unary("torch.hardswish({})")},
      {"LeakyRelu", emit_leaky_relu},
      {"Mish", unary("torch.mish({})")},
      {"PRelu", emit_prelu},
      {"Relu", unary("torch.relu({})")},
      {"Selu", emit_selu},
      {"Shrink", emit_shrink},
      {"Sigmoid", unary("torch.sigmoid({})")},
      {"Softplus", unary("torch.softplus({})")},
      {"Softsign", unary("{0} / (1 + torch.abs({0}))")},
      {"Swish", emit_swish},
      {"Tanh", unary("torch.tanh({})")},
      {"ThresholdedRelu", emit_thresholded_relu},
  };
}

}  // namespace dnnbench::pytorch
