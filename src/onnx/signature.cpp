#include "onnx/signature.h"

#include <set>

namespace dnnbench {
namespace {

std::vector<Dimension> to_dimensions(const onnx::TensorShapeProto& shape) {
  std::vector<Dimension> dimensions;
  for (const auto& dim : shape.dim()) {
    Dimension dimension;
    dimension.symbol = dim.dim_param();
    // Some exporters write -1 for a dimension that they don't know.
    if (dim.has_dim_value() && dim.dim_value() >= 0) dimension.size = dim.dim_value();
    dimensions.push_back(dimension);
  }
  return dimensions;
}

template <typename TensorType>
void describe_tensor(const TensorType& type, ModelValue& value) {
  value.type = static_cast<DataType>(type.elem_type());
  if (type.has_shape()) value.dimensions = to_dimensions(type.shape());
}

void describe_type(const onnx::TypeProto& type, ModelValue& value) {
  switch (type.value_case()) {
    case onnx::TypeProto::kTensorType:
      return describe_tensor(type.tensor_type(), value);
    case onnx::TypeProto::kSparseTensorType:
      value.kind = ModelValue::Kind::kSparseTensor;
      return describe_tensor(type.sparse_tensor_type(), value);
    case onnx::TypeProto::kSequenceType:
      describe_type(type.sequence_type().elem_type(), value);
      value.kind = ModelValue::Kind::kSequence;
      return;
    case onnx::TypeProto::kOptionalType:
      describe_type(type.optional_type().elem_type(), value);
      value.kind = ModelValue::Kind::kOptional;
      return;
    case onnx::TypeProto::kMapType:
      value.kind = ModelValue::Kind::kMap;
      return;
    case onnx::TypeProto::kOpaqueType:
      value.kind = ModelValue::Kind::kOpaque;
      return;
    case onnx::TypeProto::VALUE_NOT_SET:
      return;
  }
}

}  // namespace

ModelValue to_model_value(const onnx::ValueInfoProto& info) {
  ModelValue value;
  value.name = info.name();
  describe_type(info.type(), value);
  return value;
}

std::vector<ModelValue> graph_inputs(const onnx::GraphProto& graph) {
  std::set<std::string> filled;
  for (const auto& initializer : graph.initializer()) filled.insert(initializer.name());
  for (const auto& initializer : graph.sparse_initializer()) {
    filled.insert(initializer.values().name());
  }
  std::vector<ModelValue> inputs;
  for (const auto& input : graph.input()) {
    if (filled.count(input.name()) == 0) inputs.push_back(to_model_value(input));
  }
  return inputs;
}

std::vector<ModelValue> graph_outputs(const onnx::GraphProto& graph) {
  std::vector<ModelValue> outputs;
  for (const auto& output : graph.output()) outputs.push_back(to_model_value(output));
  return outputs;
}

}  // namespace dnnbench
