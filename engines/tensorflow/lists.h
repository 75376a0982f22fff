// Sequences while a graph runs: the library's lists of tensors, whose shapes may differ. All
// functions add operations to the graph.
#pragma once

#include <functional>
#include <optional>

#include "graph.h"

namespace dnnbench::tf {

struct List {
  Out handle;
  TF_DataType element = TF_FLOAT;
};

List empty_list(Graph& g, TF_DataType element);
List push(Graph& g, const List& list, Out tensor);
Out list_length(Graph& g, const List& list);  // int64[]
// `index`: int64[] or int32[]; negative ones count from the end.
Out list_element(Graph& g, const List& list, Out index);
// All elements along a new first dimension; `element` is what is known of their shape.
Out stacked(Graph& g, const List& list, const std::optional<Shape>& element);
// All elements along their first dimension.
Out joined(Graph& g, const List& list);

// One element per turn. `make` is given the graph of a loop's body, the turn's number (int64[]) and
// what the tensors `given` are in there.
using MakeElement = std::function<Out(Graph&, Out turn, const Outs& given)>;
List make_list(Graph& g, TF_DataType element, Out count, const Outs& given,
               const MakeElement& make);

}  // namespace dnnbench::tf
