#include "onnx/graph_walk.h"

namespace dnnbench {
namespace {

void for_each_node_of(const google::protobuf::RepeatedPtrField<onnx::NodeProto>& nodes,
                      const NodeVisitor& visit) {
  for (const onnx::NodeProto& node : nodes) {
    visit(node);
    for (const onnx::AttributeProto& attribute : node.attribute()) {
      if (attribute.has_g()) for_each_node(attribute.g(), visit);
      for (const onnx::GraphProto& graph : attribute.graphs()) for_each_node(graph, visit);
    }
  }
}

}  // namespace

void for_each_node(const onnx::GraphProto& graph, const NodeVisitor& visit) {
  for_each_node_of(graph.node(), visit);
}

void for_each_node(const onnx::ModelProto& model, const NodeVisitor& visit) {
  for_each_node(model.graph(), visit);
  for (const onnx::FunctionProto& function : model.functions()) {
    for_each_node_of(function.node(), visit);
  }
}

void for_each_graph(const onnx::GraphProto& graph,
                    const std::function<void(const onnx::GraphProto&)>& visit) {
  visit(graph);
  for_each_node(graph, [&](const onnx::NodeProto& node) {
    for (const onnx::AttributeProto& attribute : node.attribute()) {
      if (attribute.has_g()) visit(attribute.g());
      for (const onnx::GraphProto& subgraph : attribute.graphs()) visit(subgraph);
    }
  });
}

void for_each_tensor(
    const onnx::ModelProto& model,
    const std::function<void(const std::string& name, const onnx::TensorProto&)>& visit) {
  const auto visit_sparse = [&](const std::string& name, const onnx::SparseTensorProto& tensor) {
    visit(name, tensor.values());
    visit(name, tensor.indices());
  };
  for_each_graph(model.graph(), [&](const onnx::GraphProto& graph) {
    for (const onnx::TensorProto& tensor : graph.initializer()) visit(tensor.name(), tensor);
    for (const onnx::SparseTensorProto& tensor : graph.sparse_initializer()) {
      visit_sparse(tensor.values().name(), tensor);
    }
  });
  for_each_node(model, [&](const onnx::NodeProto& node) {
    const std::string name = node.output_size() > 0 ? node.output(0) : node.name();
    for (const onnx::AttributeProto& attribute : node.attribute()) {
      if (attribute.has_t()) visit(name, attribute.t());
      if (attribute.has_sparse_tensor()) visit_sparse(name, attribute.sparse_tensor());
      for (const onnx::TensorProto& tensor : attribute.tensors()) visit(name, tensor);
    }
  });
}

const onnx::AttributeProto* find_attribute(const onnx::NodeProto& node, const std::string& name) {
  for (const onnx::AttributeProto& attribute : node.attribute()) {
    if (attribute.name() == name) return &attribute;
  }
  return nullptr;
}

int64_t int_attribute(const onnx::NodeProto& node, const std::string& name, int64_t otherwise) {
  const onnx::AttributeProto* attribute = find_attribute(node, name);
  return attribute != nullptr && attribute->has_i() ? attribute->i() : otherwise;
}

std::string normal_domain(const std::string& domain) { return domain == "ai.onnx" ? "" : domain; }

std::string qualified_type(const onnx::NodeProto& node) {
  const std::string domain = normal_domain(node.domain());
  return domain.empty() ? node.op_type() : domain + "." + node.op_type();
}

std::string node_label(const onnx::NodeProto& node) {
  if (!node.name().empty() || node.output_size() == 0) return node.name();
  return node.output(0);
}

}  // namespace dnnbench
