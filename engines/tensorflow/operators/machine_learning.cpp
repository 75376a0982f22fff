// The operators of ai.onnx.ml that work on plain tensors.
#include "core/error.h"
#include "operators.h"

namespace dnnbench::tf {
namespace {

void emit_array_feature_extractor(const Operation& op) {
  const auto last = static_cast<int64_t>(op.rank(0)) - 1;
  Out y = op.g.gather(op.in(0), op.g.reshape(op.in(1), Shape{-1}), last);
  if (last == 0) y = op.g.expand_dims(y, 0);
  op.out(y);
}

void emit_binarizer(const Operation& op) {
  const Out x = op.in(0);
  op.out(op.g.cast(op.g.compute("Greater", {x, op.g.scalar_like(x, op.number("threshold", 0))}),
                   op.type(0)));
}

// Numbers for each feature, or one for all.
Out features(const Operation& op, const char* name, TF_DataType type) {
  const import::Attribute* numbers = op.node.attribute(name);
  if (numbers == nullptr) throw Unsupported("without offset or scale");
  return op.g.floats(type, {std::ssize(numbers->floats)}, numbers->floats);
}

void emit_scaler(const Operation& op) {
  const TF_DataType type = op.type(0) == TF_DOUBLE ? TF_DOUBLE : TF_FLOAT;
  const Out centred = op.g.sub(op.g.cast(op.in(0), type), features(op, "offset", type));
  op.out(op.g.cast(op.g.mul(centred, features(op, "scale", type)), TF_FLOAT));
}

// Rows by their greatest element, sum or length; where that is 0 they stay as they are.
void emit_normalizer(const Operation& op) {
  Graph& g = op.g;
  const std::string norm = op.node.text("norm", "MAX");
  const Out x = g.cast(op.in(0), TF_FLOAT);
  const auto last = static_cast<int64_t>(op.rank(0)) - 1;
  Out size = norm == "MAX"  ? g.reduce("Max", x, {last}, true)
             : norm == "L1" ? g.reduce("Sum", g.compute("Abs", {x}), {last}, true)
                            : g.reduce("Sum", g.compute("Square", {x}), {last}, true);
  if (norm == "L2") size = g.compute("Sqrt", {size});
  op.out(g.div(x, g.select(g.equal(size, g.scalar_like(size, 0)), g.scalar_like(size, 1), size)));
}

}  // namespace

Operators machine_learning_operators() {
  return {
      {"ai.onnx.ml.ArrayFeatureExtractor", emit_array_feature_extractor},
      {"ai.onnx.ml.Binarizer", emit_binarizer},
      {"ai.onnx.ml.Normalizer", emit_normalizer},
      {"ai.onnx.ml.Scaler", emit_scaler},
  };
}

}  // namespace dnnbench::tf
