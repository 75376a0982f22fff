#include "import/known_branches.h"

#include <algorithm>
#include <vector>

#include "import/proto_fields.h"
#include "import/wire.h"

namespace dnnbench::import {
namespace {

using Names = std::map<std::string, std::string>;  // old to new

Bytes bytes_of(const std::string& message) { return std::as_bytes(std::span(message)); }

// Calls visit(reader) for each field.
template <typename Visit>
void for_each_field(Bytes message, Visit visit) {
  WireReader reader(message);
  while (reader.next()) visit(reader);
}

std::string text_of(Bytes message, int field) {
  std::string text;
  for_each_field(message, [&](const WireReader& reader) {
    if (reader.field() == field) text = reader.text();
  });
  return text;
}

std::vector<std::string> texts_of(Bytes message, int field) {
  std::vector<std::string> texts;
  for_each_field(message, [&](const WireReader& reader) {
    if (reader.field() == field) texts.push_back(reader.text());
  });
  return texts;
}

Bytes graph_of(Bytes model) {
  Bytes graph;
  for_each_field(model, [&](const WireReader& reader) {
    if (reader.field() == model_field::kGraph) graph = reader.bytes();
  });
  return graph;
}

bool is_if(Bytes node) {
  return text_of(node, node_field::kOpType) == "If" && text_of(node, node_field::kDomain).empty();
}

std::string condition_of(Bytes node) {
  const std::vector<std::string> inputs = texts_of(node, node_field::kInput);
  return inputs.empty() ? "" : inputs[0];
}

Bytes attribute_graph(Bytes node, const std::string& name) {
  Bytes graph;
  for_each_field(node, [&](const WireReader& reader) {
    if (reader.field() != node_field::kAttribute) return;
    if (text_of(reader.bytes(), attribute_field::kName) != name) return;
    for_each_field(reader.bytes(), [&](const WireReader& attribute) {
      if (attribute.field() == attribute_field::kGraph) graph = attribute.bytes();
    });
  });
  return graph;
}

bool has_graph(Bytes node) {
  bool found = false;
  for_each_field(node, [&](const WireReader& reader) {
    if (reader.field() != node_field::kAttribute) return;
    for_each_field(reader.bytes(), [&](const WireReader& attribute) {
      found = found || attribute.field() == attribute_field::kGraph;
    });
  });
  return found;
}

// Values that a graph defines itself, rather than taking them from the graph around it.
std::set<std::string> defined_names(Bytes graph) {
  std::set<std::string> names;
  for_each_field(graph, [&](const WireReader& reader) {
    if (reader.field() == graph_field::kInitializer) {
      names.insert(text_of(reader.bytes(), tensor_field::kName));
    } else if (reader.field() == graph_field::kInput) {
      names.insert(text_of(reader.bytes(), value_info_field::kName));
    } else if (reader.field() == graph_field::kNode) {
      for (const std::string& name : texts_of(reader.bytes(), node_field::kOutput)) {
        names.insert(name);
      }
    }
  });
  names.erase("");
  return names;
}

std::string renamed(const std::string& name, const Names& names) {
  const auto found = names.find(name);
  return found == names.end() ? name : found->second;
}

// The message with a text field renamed and all else as it is.
std::string with_renamed_field(Bytes message, int field, const Names& names) {
  std::string copy;
  for_each_field(message, [&](const WireReader& reader) {
    if (reader.field() == field) {
      write_text(copy, field, renamed(reader.text(), names));
    } else {
      write_whole(copy, reader.whole());
    }
  });
  return copy;
}

std::string renamed_node(Bytes node, const Names& names);

std::string renamed_graph(Bytes graph, const Names& names) {
  std::string copy;
  for_each_field(graph, [&](const WireReader& reader) {
    switch (reader.field()) {
      case graph_field::kNode:
        write_text(copy, reader.field(), renamed_node(reader.bytes(), names));
        break;
      case graph_field::kInitializer:
        write_text(copy, reader.field(),
                   with_renamed_field(reader.bytes(), tensor_field::kName, names));
        break;
      case graph_field::kInput:
      case graph_field::kOutput:
      case graph_field::kValueInfo:
        write_text(copy, reader.field(),
                   with_renamed_field(reader.bytes(), value_info_field::kName, names));
        break;
      default:
        write_whole(copy, reader.whole());
    }
  });
  return copy;
}

std::string renamed_attribute(Bytes attribute, const Names& names) {
  std::string copy;
  for_each_field(attribute, [&](const WireReader& reader) {
    if (reader.field() != attribute_field::kGraph) return write_whole(copy, reader.whole());
    Names visible = names;
    for (const std::string& name : defined_names(reader.bytes())) visible.erase(name);
    write_text(copy, reader.field(), renamed_graph(reader.bytes(), visible));
  });
  return copy;
}

std::string renamed_node(Bytes node, const Names& names) {
  std::string copy;
  for_each_field(node, [&](const WireReader& reader) {
    if (reader.field() == node_field::kInput || reader.field() == node_field::kOutput) {
      write_text(copy, reader.field(), renamed(reader.text(), names));
    } else if (reader.field() == node_field::kAttribute) {
      write_text(copy, reader.field(), renamed_attribute(reader.bytes(), names));
    } else {
      write_whole(copy, reader.whole());
    }
  });
  return copy;
}

std::string identity(const std::string& input, const std::string& output) {
  std::string node;
  write_text(node, node_field::kInput, input);
  write_text(node, node_field::kOutput, output);
  write_text(node, node_field::kOpType, "Identity");
  return node;
}

// Appends the branch to the graph around it. Its own values are renamed, since both branches and
// other If nodes may use the same names.
void write_branch(Bytes branch, const std::vector<std::string>& outputs, const std::string& prefix,
                  std::string& graph) {
  Names names;
  for (const std::string& name : defined_names(branch)) names[name] = prefix + name;
  std::vector<std::string> results;
  const std::string copy = renamed_graph(branch, names);
  for_each_field(bytes_of(copy), [&](const WireReader& reader) {
    if (reader.field() == graph_field::kNode || reader.field() == graph_field::kInitializer) {
      write_whole(graph, reader.whole());
    } else if (reader.field() == graph_field::kOutput) {
      results.push_back(text_of(reader.bytes(), value_info_field::kName));
    }
  });
  for (size_t i = 0; i < std::min(outputs.size(), results.size()); ++i) {
    if (outputs[i].empty()) continue;
    write_text(graph, graph_field::kNode, identity(results[i], outputs[i]));
  }
}

// The model with another main graph.
std::string with_graph(const std::string& model, const std::string& graph) {
  std::string copy;
  for_each_field(bytes_of(model), [&](const WireReader& reader) {
    if (reader.field() == model_field::kGraph) {
      write_text(copy, model_field::kGraph, graph);
    } else {
      write_whole(copy, reader.whole());
    }
  });
  return copy;
}

// The nodes that no If node and no other one with a graph inside comes before, in their order.
std::vector<Bytes> nodes_before_branches(Bytes graph, std::set<std::string>& unavailable) {
  std::vector<Bytes> nodes;
  for_each_field(graph, [&](const WireReader& reader) {
    if (reader.field() != graph_field::kNode) return;
    bool available = !has_graph(reader.bytes());
    for (const std::string& name : texts_of(reader.bytes(), node_field::kInput)) {
      available = available && unavailable.count(name) == 0;
    }
    if (available) return nodes.push_back(reader.bytes());
    for (const std::string& name : texts_of(reader.bytes(), node_field::kOutput)) {
      if (!name.empty()) unavailable.insert(name);
    }
  });
  return nodes;
}

// Of the nodes, those that the needed values come from.
std::vector<Bytes> needed_nodes(const std::vector<Bytes>& nodes, std::set<std::string> needed) {
  std::vector<Bytes> found;
  for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
    bool is_needed = false;
    for (const std::string& name : texts_of(*node, node_field::kOutput)) {
      is_needed = is_needed || needed.count(name) > 0;
    }
    if (!is_needed) continue;
    found.insert(found.begin(), *node);
    for (const std::string& name : texts_of(*node, node_field::kInput)) needed.insert(name);
  }
  return found;
}

std::optional<bool> truth_value(Bytes tensor) {
  std::vector<int64_t> values;
  for_each_field(tensor, [&](const WireReader& reader) {
    if (reader.field() == tensor_field::kInt32Data) append_integers(reader, values);
    if (reader.field() != tensor_field::kRawData) return;
    for (const std::byte value : reader.bytes()) values.push_back(std::to_integer<int64_t>(value));
  });
  return values.size() == 1 ? std::optional(values[0] != 0) : std::nullopt;
}

}  // namespace

std::set<std::string> branch_conditions(const std::string& model) {
  std::set<std::string> conditions;
  for_each_field(graph_of(bytes_of(model)), [&](const WireReader& reader) {
    if (reader.field() == graph_field::kNode && is_if(reader.bytes())) {
      conditions.insert(condition_of(reader.bytes()));
    }
  });
  return conditions;
}

std::optional<std::string> model_of_conditions(const std::string& model) {
  const Bytes graph = graph_of(bytes_of(model));
  std::set<std::string> unavailable;
  const std::vector<Bytes> before = nodes_before_branches(graph, unavailable);
  std::set<std::string> computed;
  for (const Bytes node : before) {
    for (const std::string& name : texts_of(node, node_field::kOutput)) computed.insert(name);
  }
  std::set<std::string> conditions;
  for (const std::string& name : branch_conditions(model)) {
    if (computed.count(name) > 0) conditions.insert(name);
  }
  if (conditions.empty()) return std::nullopt;
  std::string copy;
  for (const Bytes node : needed_nodes(before, conditions)) {
    write_bytes(copy, graph_field::kNode, node);
  }
  for_each_field(graph, [&](const WireReader& reader) {
    const bool is_kept = reader.field() != graph_field::kNode &&
                         reader.field() != graph_field::kOutput &&
                         reader.field() != graph_field::kValueInfo;
    if (is_kept) write_whole(copy, reader.whole());
  });
  for (const std::string& name : conditions) {
    std::string output;
    write_text(output, value_info_field::kName, name);
    write_text(copy, graph_field::kOutput, output);
  }
  return with_graph(model, copy);
}

std::map<std::string, bool> constant_conditions(const std::string& model,
                                                const std::set<std::string>& names) {
  std::map<std::string, bool> constants;
  for_each_field(graph_of(bytes_of(model)), [&](const WireReader& reader) {
    if (reader.field() != graph_field::kInitializer) return;
    const std::string name = text_of(reader.bytes(), tensor_field::kName);
    if (names.count(name) == 0) return;
    if (const auto value = truth_value(reader.bytes())) constants[name] = *value;
  });
  return constants;
}

std::string with_branches_taken(const std::string& model,
                                const std::map<std::string, bool>& conditions) {
  std::string graph;
  for_each_field(graph_of(bytes_of(model)), [&](const WireReader& reader) {
    const bool is_branch = reader.field() == graph_field::kNode && is_if(reader.bytes());
    const auto condition =
        is_branch ? conditions.find(condition_of(reader.bytes())) : conditions.end();
    if (condition == conditions.end()) return write_whole(graph, reader.whole());
    const std::vector<std::string> outputs = texts_of(reader.bytes(), node_field::kOutput);
    const std::string prefix = outputs.empty() ? "branch/" : outputs[0] + "/";
    write_branch(attribute_graph(reader.bytes(), condition->second ? "then_branch" : "else_branch"),
                 outputs, prefix, graph);
  });
  return with_graph(model, graph);
}

}  // namespace dnnbench::import
