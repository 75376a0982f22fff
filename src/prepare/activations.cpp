#include "prepare/activations.h"

#include <algorithm>
#include <set>

#include "core/error.h"
#include "import/graph_walk.h"

namespace dnnbench {
namespace {

// nullopt where it isn't known.
std::optional<int64_t> bytes_of(const import::ValueType& type) {
  if (!type.is_static()) return std::nullopt;
  try {
    return static_cast<int64_t>(byte_size(type.element, element_count(*type.shape)));
  } catch (const Error&) {
    return std::nullopt;
  }
}

int64_t bytes_of(const import::Graph& graph, const std::string& value) {
  const import::ValueType* type = graph.type_of(value);
  return type == nullptr ? 0 : bytes_of(*type).value_or(0);
}

// The values that a node uses, those within its branches and loops among them.
std::set<std::string> used_by(const import::Node& node) {
  std::set<std::string> names(node.inputs.begin(), node.inputs.end());
  import::for_each_node({node}, [&](const import::Node& inner) {
    names.insert(inner.inputs.begin(), inner.inputs.end());
  });
  return names;
}

// The index of the last node that uses each value; that of the end for outputs.
std::map<std::string, size_t> last_uses(const import::Graph& graph) {
  std::map<std::string, size_t> last;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    for (const std::string& name : used_by(graph.nodes[i])) last[name] = i;
  }
  for (const import::Parameter& output : graph.outputs) last[output.name] = graph.nodes.size();
  return last;
}

}  // namespace

std::map<std::string, int64_t> value_bytes(const import::Graph& graph) {
  std::map<std::string, int64_t> sizes;
  for (const import::Node& node : graph.nodes) {
    for (const std::string& name : node.outputs) {
      const import::ValueType* type = graph.type_of(name);
      if (type == nullptr) continue;
      if (const auto bytes = bytes_of(*type)) sizes[name] = *bytes;
    }
  }
  return sizes;
}

int64_t peak_activation_bytes(const import::Graph& graph) {
  const std::map<std::string, size_t> last = last_uses(graph);
  std::vector<std::vector<std::string>> ends(graph.nodes.size() + 1);
  int64_t live = 0, peak = 0;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const import::Node& node = graph.nodes[i];
    if (import::constant_of(node) != nullptr) continue;
    for (const std::string& name : node.outputs) {
      if (name.empty()) continue;
      live += bytes_of(graph, name);
      const auto use = last.find(name);
      ends[use == last.end() ? i : use->second].push_back(name);
    }
    peak = std::max(peak, live);
    for (const std::string& name : ends[i]) live -= bytes_of(graph, name);
  }
  return peak;
}

}  // namespace dnnbench
