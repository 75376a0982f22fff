// Visits the nodes, graphs and constants of a model that was read.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "import/read_model.h"

namespace dnnbench::import {

// The tensor that a Constant node holds; nullptr for any other node.
const Constant* constant_of(const Node& node);

// What a Constant node holds, in whichever attribute; nullopt where that is sparse.
std::optional<Constant> constant_value(const Node& node);

// The graph's initializers and what its Constant nodes hold, by name.
std::map<std::string, const Constant*> constants_of(const Graph& graph);

// Every node, those of subgraphs among them, in the file's order.
void for_each_node(const std::vector<Node>& nodes, const std::function<void(const Node&)>& visit);
// Of the graph and the functions.
void for_each_node(const ModelFile& model, const std::function<void(const Node&)>& visit);

// The graph, then its subgraphs.
void for_each_graph(const Graph& graph, const std::function<void(const Graph&)>& visit);

}  // namespace dnnbench::import
