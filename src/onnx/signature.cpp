#include "onnx/signature.h"

namespace dnnbench {
namespace {

ModelValue::Kind to_kind(import::ValueType::Kind kind) {
  using Kind = import::ValueType::Kind;
  switch (kind) {
    case Kind::kTensor:
      return ModelValue::Kind::kTensor;
    case Kind::kSequence:
      return ModelValue::Kind::kSequence;
    case Kind::kOptional:
    case Kind::kOptionalSequence:
      return ModelValue::Kind::kOptional;
    case Kind::kMap:
      return ModelValue::Kind::kMap;
    case Kind::kSparseTensor:
      return ModelValue::Kind::kSparseTensor;
    case Kind::kOther:
      return ModelValue::Kind::kOpaque;
  }
  return ModelValue::Kind::kOpaque;
}

std::vector<ModelValue> to_model_values(const std::vector<import::Parameter>& parameters) {
  std::vector<ModelValue> values;
  for (const import::Parameter& parameter : parameters) {
    values.push_back(to_model_value(parameter));
  }
  return values;
}

}  // namespace

ModelValue to_model_value(const import::Parameter& parameter) {
  const import::ValueType& type = parameter.type;
  ModelValue value{parameter.name, to_kind(type.kind), type.element, std::nullopt};
  if (!type.shape) return value;
  value.dimensions.emplace();
  for (size_t axis = 0; axis < type.shape->size(); ++axis) {
    Dimension dimension;
    if ((*type.shape)[axis] >= 0) dimension.size = (*type.shape)[axis];
    if (axis < type.symbols.size()) dimension.symbol = type.symbols[axis];
    value.dimensions->push_back(dimension);
  }
  return value;
}

std::vector<ModelValue> graph_inputs(const import::Graph& graph) {
  return to_model_values(graph.open_inputs());
}

std::vector<ModelValue> graph_outputs(const import::Graph& graph) {
  return to_model_values(graph.outputs);
}

}  // namespace dnnbench
