// If nodes whose condition is known before the model runs: each is replaced by the nodes of the
// branch that it takes. ONNX Runtime does this by itself, but crashes over some models with If
// nodes in each other (seen with 1.31.1), so it is never given one with a constant condition.
//
// One level at a time: the conditions of the main graph are computed by the library, without any
// If node in sight, then the branches are put in place, whose own If nodes are next.
#pragma once

#include <map>
#include <string>

#include "import/read_model.h"

namespace dnnbench::import {

// A model whose only outputs are the conditions of the main graph's If nodes, with the nodes that
// they need. "" where no condition can be known: it is an input, or needs the result of an If node.
std::string conditions_of(const ModelFile& model);

// The graph's message with each If node of the main graph replaced whose condition is in `known`.
std::string with_taken_branches(const ModelFile& model, const std::map<std::string, bool>& known);

// Tensors of the model by the names that they have when the If nodes around them are replaced:
// those of the main graph under their own.
std::map<std::string, const Constant*> spliced_constants(const Graph& graph);

}  // namespace dnnbench::import
