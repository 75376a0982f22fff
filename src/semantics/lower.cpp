#include "lower.h"

#include <memory>
#include <utility>

#include "composite.h"
#include "core/error.h"

namespace dnnbench::semantics {
namespace {

const LowerTable& table() {
  static const LowerTable kTable = [] {
    LowerTable all;
    for (const auto family : {lower_attention, lower_normalization, lower_fused, lower_quantized}) {
      all.merge(family());
    }
    return all;
  }();
  return kTable;
}

void lower_graph(import::Graph& graph, const Scope* outer, const HasForm& has_form, int64_t& names);

void lower_subgraphs(import::Node& node, const Scope& scope, const HasForm& has_form,
                     int64_t& names) {
  for (auto& [name, attribute] : node.attributes) {
    if (attribute.graph == nullptr) continue;
    auto lowered = std::make_shared<import::Graph>(*attribute.graph);
    lower_graph(*lowered, &scope, has_form, names);
    attribute.graph = std::move(lowered);
  }
}

void lower_graph(import::Graph& graph, const Scope* outer, const HasForm& has_form,
                 int64_t& names) {
  const Scope scope{&graph, outer};
  std::vector<import::Node> nodes;
  for (import::Node& node : graph.nodes) {
    lower_subgraphs(node, scope, has_form, names);
    const auto found = table().find(import::qualified_op(node));
    if (found == table().end() || has_form(node)) {
      nodes.push_back(std::move(node));
      continue;
    }
    Composite composite(node, scope, names);
    try {
      found->second(composite);
    } catch (const Unsupported& why) {
      throw Unsupported(import::describe(node) + ": " + why.what());
    }
    // What it was lowered to may be composite itself.
    import::Graph inner;
    inner.nodes = std::move(composite.nodes());
    inner.constants = std::move(composite.constants());
    inner.types = std::move(composite.types());
    for (const auto& [name, constant] : inner.constants) {
      inner.types[name] = {import::ValueType::Kind::kTensor, constant.type, constant.shape};
    }
    lower_graph(inner, &scope, has_form, names);
    nodes.insert(nodes.end(), inner.nodes.begin(), inner.nodes.end());
    graph.constants.merge(inner.constants);
    for (const auto& [name, type] : inner.types) {
      import::ValueType& known = graph.types[name];  // an output's may be there, without a shape
      if (!known.shape) known = type;
    }
  }
  graph.nodes = std::move(nodes);
}

}  // namespace

void lower(import::Graph& graph, const HasForm& has_form) {
  int64_t names = 0;
  lower_graph(graph, nullptr, has_form, names);
}

}  // namespace dnnbench::semantics
