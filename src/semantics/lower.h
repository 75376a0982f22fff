// Composite operators as ONNX's core operators, once for all importers: Attention,
// GroupNormalization, what com.microsoft fuses
// (https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md).
#pragma once

#include <functional>

#include "import/graph.h"

namespace dnnbench::semantics {

// Whether the importer has a form of its own for that node, which its library computes faster.
using HasForm = std::function<bool(const import::Node&)>;

// Replaces the other composite nodes, in subgraphs too. Other nodes stay, known or not. Throws
// Unsupported, with operator and node, for an attribute that has no core form.
void lower(import::Graph& graph, const HasForm& has_form);

}  // namespace dnnbench::semantics
