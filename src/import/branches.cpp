#include "import/branches.h"

#include <set>

#include "import/graph_walk.h"
#include "import/proto_fields.h"
#include "import/write_model.h"

namespace dnnbench::import {
namespace {

using Names = std::map<std::string, std::string>;  // of values: old to new

constexpr const char* kBranches[] = {"then_branch", "else_branch"};

bool is_if(const Node& node) {
  return node.op == "If" && node.domain.empty() && node.has_input(0) && node.has_output(0);
}

// What stands before the name of a value of a branch that takes the place of its If node.
std::string prefix_of(const std::string& if_output, const std::string& branch) {
  return if_output + "::" + branch + "::";
}

const std::string& new_name(const Names& names, const std::string& name) {
  const auto found = names.find(name);
  return found == names.end() ? name : found->second;
}

// The message with one of its texts, a value's name, replaced.
std::string rename_in(Bytes message, int field, const Names& names) {
  std::string renamed;
  WireReader reader(message);
  while (reader.next()) {
    if (reader.field() == field) {
      write_text(renamed, field, new_name(names, reader.text()));
    } else {
      write_whole(renamed, reader.whole());
    }
  }
  return renamed;
}

std::string rename_sparse(Bytes message, const Names& names) {
  std::string renamed;
  WireReader reader(message);
  while (reader.next()) {
    if (reader.field() == sparse_field::kValues) {
      write_text(renamed, sparse_field::kValues,
                 rename_in(reader.bytes(), tensor_field::kName, names));
    } else {
      write_whole(renamed, reader.whole());
    }
  }
  return renamed;
}

std::string rename_node(Bytes message, const Names& names);

// A graph within: its own values keep their names.
std::string rename_graph(Bytes message, Names names) {
  WireReader definitions(message);
  while (definitions.next()) {
    if (definitions.field() == graph_field::kInput) {
      names.erase(text_of(definitions.bytes(), value_info_field::kName));
    } else if (definitions.field() == graph_field::kInitializer) {
      names.erase(text_of(definitions.bytes(), tensor_field::kName));
    } else if (definitions.field() == graph_field::kNode) {
      for (const auto& name : texts_of(definitions.bytes(), node_field::kOutput)) names.erase(name);
    }
  }
  std::string renamed;
  WireReader reader(message);
  while (reader.next()) {
    if (reader.field() == graph_field::kNode) {
      write_text(renamed, graph_field::kNode, rename_node(reader.bytes(), names));
    } else if (reader.field() == graph_field::kOutput) {
      write_text(renamed, graph_field::kOutput,
                 rename_in(reader.bytes(), value_info_field::kName, names));
    } else {
      write_whole(renamed, reader.whole());
    }
  }
  return renamed;
}

std::string rename_attribute(Bytes message, const Names& names) {
  std::string renamed;
  WireReader reader(message);
  while (reader.next()) {
    if (reader.field() == attribute_field::kGraph || reader.field() == attribute_field::kGraphs) {
      write_text(renamed, reader.field(), rename_graph(reader.bytes(), names));
    } else {
      write_whole(renamed, reader.whole());
    }
  }
  return renamed;
}

std::string rename_node(Bytes message, const Names& names) {
  std::string renamed;
  WireReader reader(message);
  while (reader.next()) {
    if (reader.field() == node_field::kInput || reader.field() == node_field::kOutput) {
      write_text(renamed, reader.field(), new_name(names, reader.text()));
    } else if (reader.field() == node_field::kAttribute) {
      write_text(renamed, node_field::kAttribute, rename_attribute(reader.bytes(), names));
    } else {
      write_whole(renamed, reader.whole());
    }
  }
  return renamed;
}

Bytes branch_message(Bytes node, const std::string& branch) {
  WireReader reader(node);
  while (reader.next()) {
    if (reader.field() != node_field::kAttribute) continue;
    if (text_of(reader.bytes(), attribute_field::kName) != branch) continue;
    WireReader attribute(reader.bytes());
    while (attribute.next()) {
      if (attribute.field() == attribute_field::kGraph) return attribute.bytes();
    }
  }
  return {};
}

Names names_within(const Graph& branch, const std::string& prefix) {
  Names names;
  for (const auto& [name, constant] : branch.constants) names[name] = prefix + name;
  for (const Node& node : branch.nodes) {
    for (const std::string& name : node.outputs) {
      if (!name.empty()) names[name] = prefix + name;
    }
  }
  return names;
}

// Appends the fields of a graph that stand for the If node.
void write_branch(const Node& node, Bytes message, const std::string& branch_name,
                  std::string& graph) {
  const Graph& branch = *node.attribute(branch_name)->graph;
  const Names names = names_within(branch, prefix_of(node.outputs[0], branch_name));
  WireReader reader(branch_message(message, branch_name));
  while (reader.next()) {
    if (reader.field() == graph_field::kNode) {
      write_text(graph, graph_field::kNode, rename_node(reader.bytes(), names));
    } else if (reader.field() == graph_field::kInitializer) {
      write_text(graph, graph_field::kInitializer,
                 rename_in(reader.bytes(), tensor_field::kName, names));
    } else if (reader.field() == graph_field::kSparseInitializer) {
      write_text(graph, graph_field::kSparseInitializer, rename_sparse(reader.bytes(), names));
    }
  }
  for (size_t i = 0; i < node.outputs.size() && i < branch.outputs.size(); ++i) {
    if (node.outputs[i].empty()) continue;
    std::string identity;
    write_text(identity, node_field::kInput, new_name(names, branch.outputs[i].name));
    write_text(identity, node_field::kOutput, node.outputs[i]);
    write_text(identity, node_field::kOpType, "Identity");
    write_text(graph, graph_field::kNode, identity);
  }
}

// Which nodes a value of the main graph needs, and which values from outside of them.
class Needs {
 public:
  explicit Needs(const Graph& graph) : graph_(graph) {
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
      for (const std::string& output : graph.nodes[i].outputs) producer_[output] = i;
    }
  }

  // False where an If node is among them: nothing is then added.
  bool add(const std::string& value) {
    std::set<size_t> nodes;
    std::set<std::string> seen{value};
    std::vector<std::string> open{value};
    while (!open.empty()) {
      const std::string name = open.back();
      open.pop_back();
      const auto producer = producer_.find(name);
      if (producer == producer_.end() || !nodes.insert(producer->second).second) continue;
      const Node& needed = graph_.nodes[producer->second];
      if (is_if(needed)) return false;
      for_each_node({needed}, [&](const Node& node) {
        for (const std::string& input : node.inputs) {
          if (seen.insert(input).second) open.push_back(input);
        }
      });
    }
    nodes_.insert(nodes.begin(), nodes.end());
    values_.insert(seen.begin(), seen.end());
    return true;
  }

  bool has_node(size_t index) const { return nodes_.count(index) != 0; }
  bool has_value(const std::string& name) const { return values_.count(name) != 0; }
  bool is_computed(const std::string& name) const { return producer_.count(name) != 0; }

 private:
  const Graph& graph_;
  std::map<std::string, size_t> producer_;
  std::set<size_t> nodes_;
  std::set<std::string> values_;
};

}  // namespace

std::set<std::string> branch_conditions(const Graph& graph) {
  std::set<std::string> conditions;
  for (const Node& node : graph.nodes) {
    if (is_if(node)) conditions.insert(node.inputs[0]);
  }
  return conditions;
}

std::map<std::string, bool> constant_conditions(const Graph& graph,
                                                const std::set<std::string>& names) {
  std::map<std::string, bool> known;
  for (const std::string& name : names) {
    const Constant* value = graph.constant(name);
    if (value == nullptr || value->type != DataType::kBool || value->bytes.size() != 1) continue;
    known[name] = value->bytes[0] != std::byte{0};
  }
  return known;
}

std::string model_of_conditions(const ModelFile& model) {
  Needs needs(model.graph);
  std::set<std::string> conditions;
  for (const std::string& condition : branch_conditions(model.graph)) {
    if (needs.is_computed(condition) && needs.add(condition)) conditions.insert(condition);
  }
  if (conditions.empty()) return "";
  std::string graph;
  size_t node = 0;
  WireReader reader(model.graph_message);
  while (reader.next()) {
    const int field = reader.field();
    if (field == graph_field::kNode && !needs.has_node(node++)) continue;
    if (field == graph_field::kInitializer &&
        !needs.has_value(text_of(reader.bytes(), tensor_field::kName))) {
      continue;
    }
    if (field == graph_field::kOutput || field == graph_field::kValueInfo) continue;
    write_whole(graph, reader.whole());
  }
  for (const std::string& condition : conditions) {
    write_text(graph, graph_field::kOutput, value_info(condition, DataType::kBool, std::nullopt));
  }
  return with_graph(model.message, graph);
}

std::string with_taken_branches(const ModelFile& model, const std::map<std::string, bool>& known) {
  std::string graph;
  auto node = model.graph.nodes.begin();
  WireReader reader(model.graph_message);
  while (reader.next()) {
    if (reader.field() != graph_field::kNode) {
      write_whole(graph, reader.whole());
      continue;
    }
    const Node& read = *node++;
    const auto condition = is_if(read) ? known.find(read.inputs[0]) : known.end();
    if (condition == known.end()) {
      write_whole(graph, reader.whole());
    } else {
      write_branch(read, reader.bytes(), condition->second ? kBranches[0] : kBranches[1], graph);
    }
  }
  return with_graph(model.message, graph);
}

}  // namespace dnnbench::import
