// What makes tensors: of attributes, of a shape, of a range.
#include <utility>

#include "core/error.h"
#include "import/graph_walk.h"
#include "operators.h"

namespace dnnbench::tf {
namespace {

void emit_constant(const Operation& op) {
  auto value = import::constant_value(op.node);
  if (!value) throw Unsupported("its value is sparse");
  op.emitter.set_constant(op.node.outputs[0], *std::move(value));
}

void emit_constant_of_shape(const Operation& op) {
  Graph& g = op.g;
  const auto* value = op.node.attribute("value");
  Out element = g.scalar(TF_FLOAT, 0);
  if (value != nullptr) {
    Tensor scalar = value->tensor->tensor();
    scalar.shape.clear();
    element = g.constant(scalar);
  }
  op.out(g.call("Fill", {op.in(0), element}));
}

// The limit halfway between the last element and the one after it, so that the library, whose
// arithmetic is the type's, makes as many elements as ONNX Runtime, which counts them in doubles.
Out safe_limit(Graph& g, Out start, Out limit, Out delta) {
  const Out length = g.cast(g.sub(limit, start), TF_DOUBLE);
  const Out step = g.cast(delta, TF_DOUBLE);
  const Out count = g.compute("Ceil", {g.div(length, step)});
  const Out half = g.scalar(TF_DOUBLE, 0.5);
  const Out beyond = g.mul(g.sub(g.maximum(count, half), half), step);
  return g.add(start, g.cast(beyond, Graph::type(start)));
}

void emit_range(const Operation& op) {
  Graph& g = op.g;
  const TF_DataType type = op.type(0);
  const TF_DataType computed = type == TF_INT16 ? TF_INT32 : type;
  const auto scalar = [&](size_t i) { return g.cast(g.reshape(op.in(i), Shape{}), computed); };
  const Out start = scalar(0), delta = scalar(2);
  Out limit = scalar(1);
  if (type == TF_FLOAT || type == TF_DOUBLE) limit = safe_limit(g, start, limit, delta);
  op.out(g.cast(g.range(start, limit, delta), type));
}

}  // namespace

Operators constant_operators() {
  return {
      {"Constant", emit_constant},
      {"ConstantOfShape", emit_constant_of_shape},
      {"Range", emit_range},
  };
}

}  // namespace dnnbench::tf
