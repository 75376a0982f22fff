// The operators of ai.onnx.ml that work on plain tensors.
#include <fmt/format.h>

#include "operators.h"

namespace dnnbench::pytorch {
namespace {

void emit_array_feature_extractor(Operation& op) {
  // ONNX Runtime makes a row of a vector.
  op.out(fmt::format("torch.index_select({}, -1, {}.reshape([-1]).to(4)){}", op.in(0), op.in(1),
                     op.known_rank(0) == 1 ? ".unsqueeze(0)" : ""));
}

void emit_binarizer(Operation& op) {
  op.out(fmt::format("torch.gt({0}, {1}).to({0}.dtype)", op.in(0),
                     number(op.node.number("threshold", 0))));
}

void emit_scaler(Operation& op) {
  const import::Attribute* offset = op.node.attribute("offset");
  const import::Attribute* scale = op.node.attribute("scale");
  op.require(offset != nullptr && scale != nullptr, "without offset or scale");
  const char* const wide = op.type(0) == DataType::kFloat64 ? ".to(7)" : ".to(6)";
  op.out(fmt::format("(({}{} - {}) * {}).to(6)", op.in(0), wide,
                     op.floats_constant(offset->floats, DataType::kFloat32),
                     op.floats_constant(scale->floats, DataType::kFloat32)),
         DataType::kFloat32);
}

void emit_normalizer(Operation& op) {
  const std::string norm = op.node.text("norm", "MAX");
  const std::string x = op.let(op.in(0) + ".to(6)");
  const char* size = norm == "MAX"  ? "torch.amax({}, [-1], True)"
                     : norm == "L1" ? "torch.sum(torch.abs({}), [-1], True)"
                                    : "torch.sqrt(torch.sum(torch.square({}), [-1], True))";
  const std::string divisor = op.let(fmt::format(fmt::runtime(size), x));
  op.out(fmt::format("torch.where({0} == 0, {1}, {1} / {0})", divisor, x), DataType::kFloat32);
}

}  // namespace

Operators machine_learning_operators() {
  Operators table;
  table["ai.onnx.ml.ArrayFeatureExtractor"] = emit_array_feature_extractor;
  table["ai.onnx.ml.Binarizer"] = emit_binarizer;
  table["ai.onnx.ml.Normalizer"] = emit_normalizer;
  table["ai.onnx.ml.Scaler"] = emit_scaler;
  return table;
}

}  // namespace dnnbench::pytorch
