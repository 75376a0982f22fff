// Normalizations, and losses.
#include "semantics/normalization.h"

#include <fmt/format.h>

#include "operators.h"
#include "types.h"

namespace dnnbench::pytorch {
namespace {

std::string epsilon(const Operation& op) { return number(semantics::read_epsilon(op.node)); }

void emit_batch_normalization(Operation& op) {
  const semantics::BatchNormalization read = semantics::read_batch_normalization(op.node);
  if (read.training) {
    // Outputs: normalised by the batch's own statistics, and running statistics.
    const std::string result = op.let(op.call(
        "batch_normalization_training",
        {op.in(0), op.in(1), op.in(2), op.in(3), op.in(4), epsilon(op), number(read.momentum)}));
    for (size_t i = 0; i < 3; ++i)
      op.out(i, fmt::format("{}[{}]", result, i), op.type(i == 0 ? 0 : 3));
    return;
  }
  const std::string x = op.in(0);
  if (op.type(0) == op.type(1) && op.type(1) == op.type(3)) {
    return op.out(fmt::format("torch.batch_norm({}, {}, {}, {}, {}, False, 0.0, {}, True)", x,
                              op.in(1), op.in(2), op.in(3), op.in(4), epsilon(op)));
  }
  op.out(
      fmt::format("torch.batch_norm({}.to(6), {}.to(6), {}.to(6), {}.to(6), {}.to(6), False, 0.0, "
                  "{}, True).to({})",
                  x, op.in(1), op.in(2), op.in(3), op.in(4), epsilon(op), dtype(op.type(0))));
}

void emit_instance_normalization(Operation& op) {
  op.out(fmt::format("torch.instance_norm({}, {}, {}, None, None, True, 0.0, {}, True)", op.in(0),
                     op.in(1), op.in(2), epsilon(op)));
}

semantics::LayerNormalization read_layer_normalization(Operation& op) {
  return semantics::read_layer_normalization(op.node, op.type(0), static_cast<size_t>(op.rank(0)));
}

void emit_layer_normalization(Operation& op) {
  const semantics::LayerNormalization read = read_layer_normalization(op);
  Shape sizes;
  for (const int64_t axis : read.axes) sizes.push_back(op.size(0, axis));
  const auto scale_shape = op.shape(1);
  const auto bias_shape = op.has(2) ? op.shape(2) : std::optional<Shape>(sizes);
  const bool plain = scale_shape == sizes && bias_shape == sizes && op.type(1) == op.type(0);
  if (plain && !op.wants(1) && !op.wants(2)) {
    return op.out(fmt::format("torch.layer_norm({}, {}, {}, {}, {})", op.in(0), list(sizes),
                              op.in(1), op.in_or(2, "None"), epsilon(op)));
  }
  const std::string result = op.let(
      op.call("layer_normalization", {op.in(0) + fmt::format(".to({})", dtype(read.computed)),
                                      std::to_string(sizes.size()), epsilon(op)}));
  std::string y = fmt::format("{}[0].to({}) * {}", result, dtype(op.type(0)), op.in(1));
  if (op.has(2)) y += " + " + op.in(2);
  op.out(0, y);
  for (size_t i = 1; i <= 2; ++i) {
    op.out(i, fmt::format("{}[{}].to({})", result, i, dtype(read.statistics)), read.statistics);
  }
}

void emit_rms_normalization(Operation& op) {
  const semantics::LayerNormalization read = read_layer_normalization(op);
  const std::string x = op.let(fmt::format("{}.to({})", op.in(0), dtype(read.computed)));
  op.out(fmt::format("({0} * torch.rsqrt(torch.mean({0} * {0}, {1}, True) + {2})).to({3}) * {4}", x,
                     list(read.axes), epsilon(op), dtype(op.type(0)), op.in(1)));
}

void emit_group_normalization(Operation& op) {
  const int64_t groups = op.node.integer("num_groups", 1);
  if (!semantics::has_parameters_per_group(op.node)) {
    return op.out(fmt::format("torch.group_norm({}, {}, {}, {}, {})", op.in(0), groups, op.in(1),
                              op.in(2), epsilon(op)));
  }
  const int64_t channels = op.size(0, 1);
  const auto for_channels = [&](size_t index) {
    return fmt::format("{}.reshape([-1, 1]).expand([{}, {}]).reshape([-1])", op.in(index), groups,
                       channels / groups);
  };
  op.out(fmt::format("torch.group_norm({}, {}, {}, {}, {})", op.in(0), groups, for_channels(1),
                     for_channels(2), epsilon(op)));
}

void emit_lrn(Operation& op) {
  op.out(op.call(
      "local_response_normalization",
      {op.in(0), std::to_string(op.node.integer("size", 1)), number(op.node.number("alpha", 1e-4)),
       number(op.node.number("beta", 0.75)), number(op.node.number("bias", 1))}));
}

void emit_lp_normalization(Operation& op) {
  const int64_t axis = op.node.integer("axis", -1), p = op.node.integer("p", 2);
  const std::string x = op.in(0);
  const std::string norm =
      op.let(p == 1 ? fmt::format("torch.sum(torch.abs({}), [{}], True)", x, axis)
                    : fmt::format("torch.sqrt(torch.sum({0} * {0}, [{1}], True))", x, axis));
  // A vector of zeros stays one.
  op.out(fmt::format("torch.where({0} == 0, torch.zeros_like({1}), {1} / {0})", norm, x));
}

std::string reduction_number(const Operation& op) {
  const std::string reduction = op.node.text("reduction", "mean");
  return reduction == "none" ? "0" : reduction == "sum" ? "2" : "1";
}

// The log-likelihoods {0}, the targets {1}.
std::string emit_loss(Operation& op, const std::string& scores) {
  const int64_t ignored = op.node.integer("ignore_index", -100);
  std::string weights = op.in_or(2, "None");
  return op.call("negative_log_likelihood", {scores, op.in(1) + ".to(4)", weights,
                                             reduction_number(op), std::to_string(ignored)});
}

void emit_negative_log_likelihood(Operation& op) { op.out(emit_loss(op, op.in(0))); }

void emit_cross_entropy(Operation& op) {
  const std::string scores = op.let(fmt::format("torch.log_softmax({}, 1)", op.in(0)));
  op.out(0, emit_loss(op, scores));
  op.out(1, scores);
}

}  // namespace

Operators normalization_operators() {
  Operators table;
  table["BatchNormalization"] = emit_batch_normalization;
  table["InstanceNormalization"] = emit_instance_normalization;
  table["LayerNormalization"] = emit_layer_normalization;
  table["RMSNormalization"] = emit_rms_normalization;
  table["SimplifiedLayerNormalization"] = emit_rms_normalization;
  table["GroupNormalization"] = emit_group_normalization;
  table["LRN"] = emit_lrn;
  table["LpNormalization"] = emit_lp_normalization;
  table["NegativeLogLikelihoodLoss"] = emit_negative_log_likelihood;
  table["SoftmaxCrossEntropyLoss"] = emit_cross_entropy;
  return table;
}

}  // namespace dnnbench::pytorch
