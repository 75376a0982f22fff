// The operators of ai.onnx.ml that work on plain tensors.
#include "operators.h"

namespace dnnbench::tf {
namespace {

void emit_array_feature_extractor(const Operation& n) {
  const auto last = static_cast<int64_t>(n.rank(0)) - 1;
  Out y = n.g.gather(n.in(0), n.g.reshape(n.in(1), Shape{-1}), last);
  if (last == 0) y = n.g.expand_dims(y, 0);
  n.out(y);
}

void emit_binarizer(const Operation& n) {
  const Out x = n.in(0);
  n.out(n.g.cast(n.g.compute("Greater", {x, n.g.scalar_like(x, n.number("threshold", 0))}),
                 n.type(0)));
}

}  // namespace

Operators machine_learning_operators() {
  return {
      {"ai.onnx.ml.ArrayFeatureExtractor", emit_array_feature_extractor},
      {"ai.onnx.ml.Binarizer", emit_binarizer},
  };
}

}  // namespace dnnbench::tf
