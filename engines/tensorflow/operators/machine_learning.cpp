// The operators of ai.onnx.ml that work on plain tensors.
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

}  // namespace

Operators machine_learning_operators() {
  return {
      {"ai.onnx.ml.ArrayFeatureExtractor", emit_array_feature_extractor},
      {"ai.onnx.ml.Binarizer", emit_binarizer},
  };
}

}  // namespace dnnbench::tf
