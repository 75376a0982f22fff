#include "import/graph_walk.h"

namespace dnnbench::import {

const Constant* constant_of(const Node& node) {
  if (node.op != "Constant" || !node.domain.empty() || node.outputs.empty()) return nullptr;
  const Attribute* value = node.attribute("value");
  return value != nullptr && value->tensor ? &*value->tensor : nullptr;
}

std::map<std::string, const Constant*> constants_of(const Graph& graph) {
  std::map<std::string, const Constant*> constants;
  for (const auto& [name, constant] : graph.constants) constants[name] = &constant;
  for (const Node& node : graph.nodes) {
    if (const Constant* constant = constant_of(node)) constants[node.outputs[0]] = constant;
  }
  return constants;
}

void for_each_node(const std::vector<Node>& nodes, const std::function<void(const Node&)>& visit) {
  for (const Node& node : nodes) {
    visit(node);
    for (const auto& [name, attribute] : node.attributes) {
      if (attribute.graph) for_each_node(attribute.graph->nodes, visit);
      for (const auto& graph : attribute.graphs) for_each_node(graph->nodes, visit);
    }
  }
}

void for_each_node(const ModelFile& model, const std::function<void(const Node&)>& visit) {
  for_each_node(model.graph.nodes, visit);
  for (const Function& function : model.functions) for_each_node(function.nodes, visit);
}

void for_each_graph(const Graph& graph, const std::function<void(const Graph&)>& visit) {
  visit(graph);
  for_each_node(graph.nodes, [&](const Node& node) {
    for (const auto& [name, attribute] : node.attributes) {
      if (attribute.graph) visit(*attribute.graph);
      for (const auto& inner : attribute.graphs) visit(*inner);
    }
  });
}

}  // namespace dnnbench::import
