#include "subgraph.h"

#include <algorithm>

#include "core/error.h"

namespace dnnbench::tf {
namespace {

void add_names(const import::Graph& graph, std::vector<std::string>& names) {
  for (const import::Node& node : graph.nodes) {
    names.insert(names.end(), node.inputs.begin(), node.inputs.end());
    for (const auto& [name, attribute] : node.attributes) {
      if (attribute.graph != nullptr) add_names(*attribute.graph, names);
    }
  }
  for (const import::Parameter& output : graph.outputs) names.push_back(output.name);
}

}  // namespace

const import::Graph& subgraph(const Operation& op, const std::string& name) {
  const import::Attribute* attribute = op.node.attribute(name);
  if (attribute == nullptr || attribute->graph == nullptr)
    throw Unsupported("it lacks its " + name);
  return *attribute->graph;
}

std::vector<Captured> outer_values(const Operation& op,
                                   const std::vector<const import::Graph*>& graphs) {
  std::vector<std::string> names;
  for (const import::Graph* graph : graphs) add_names(*graph, names);
  for (const std::string& name : std::vector<std::string>(names)) {
    const std::vector<std::string>* elements = op.emitter.sequence(name);
    if (elements != nullptr) names.insert(names.end(), elements->begin(), elements->end());
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::vector<Captured> outer;
  for (const std::string& name : names) {
    if (name.empty()) continue;
    if (const auto list = op.emitter.find_list(name)) {
      outer.push_back({name, list->element});
    } else if (op.emitter.has_value(name)) {
      outer.push_back({name, std::nullopt});
    }
  }
  return outer;
}

Outs values_of(const Operation& op, const std::vector<Captured>& captured) {
  Outs outs;
  for (const Captured& one : captured) {
    outs.push_back(one.element ? op.emitter.list(one.name).handle : op.emitter.get(one.name));
  }
  return outs;
}

void set_value(Emitter& emitter, const std::string& name, Out value,
               const std::optional<TF_DataType>& element) {
  if (element) {
    emitter.set_list(name, {value, *element});
  } else {
    emitter.set(name, value);
  }
}

}  // namespace dnnbench::tf
