#include "import/graph_walk.h"

#include <algorithm>
#include <utility>

namespace dnnbench::import {

const Constant* constant_of(const Node& node) {
  if (node.op != "Constant" || !node.domain.empty() || node.outputs.empty()) return nullptr;
  const Attribute* value = node.attribute("value");
  return value != nullptr && value->tensor ? &*value->tensor : nullptr;
}

std::optional<Constant> constant_value(const Node& node) {
  const auto floats = [](std::vector<int64_t> shape, const std::vector<double>& values) {
    Tensor tensor = make_tensor(DataType::kFloat32, std::move(shape));
    from_doubles(values, tensor);
    return make_constant(std::move(tensor));
  };
  const auto integers = [](std::vector<int64_t> shape, const std::vector<int64_t>& values) {
    Tensor tensor = make_tensor(DataType::kInt64, std::move(shape));
    std::copy(values.begin(), values.end(), tensor.as<int64_t>().begin());
    return make_constant(std::move(tensor));
  };
  const auto texts = [](std::vector<int64_t> shape, const std::vector<std::string>& values) {
    Tensor tensor = make_tensor(DataType::kString, std::move(shape));
    tensor.strings = values;
    return make_constant(std::move(tensor));
  };
  for (const auto& [name, value] : node.attributes) {
    if (name == "value") return value.tensor;
    if (name == "value_float") return floats({}, {value.f});
    if (name == "value_floats") return floats({std::ssize(value.floats)}, value.floats);
    if (name == "value_int") return integers({}, {value.i});
    if (name == "value_ints") return integers({std::ssize(value.ints)}, value.ints);
    if (name == "value_string") return texts({}, {value.s});
    if (name == "value_strings") return texts({std::ssize(value.strings)}, value.strings);
  }
  return std::nullopt;
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
