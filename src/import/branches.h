// If nodes whose condition is known before the model runs: each is replaced by the nodes of the
// branch that it takes. ONNX Runtime does this by itself, but crashes over some models with If
// nodes in each other (seen with 1.31.1), so it is never given one with a constant condition.
//
// One level at a time: the conditions of the main graph are computed by the library, without any
// If node in sight, then the branches are put in place, whose own If nodes are next.
#pragma once

#include <map>
#include <set>
#include <string>

#include "import/read_model.h"

namespace dnnbench::import {

// The conditions of the main graph's If nodes: names of values.
std::set<std::string> branch_conditions(const Graph& graph);

// A model whose only outputs are those of the conditions that can be computed without the result of
// an If node, with the nodes that they need. "" where there are none.
std::string model_of_conditions(const ModelFile& model);

// Those of the names that are constants of the graph and hold one truth value.
std::map<std::string, bool> constant_conditions(const Graph& graph,
                                                const std::set<std::string>& names);

// The graph's message with each If node of the main graph replaced whose condition is in `known`.
std::string with_taken_branches(const ModelFile& model, const std::map<std::string, bool>& known);

}  // namespace dnnbench::import
