// How a sequence crosses the border of a session, which takes and gives tensors only: all elements
// of its tensors one after the other, and where each tensor's lie.
#pragma once

#include <vector>

#include "core/tensor.h"
#include "lists.h"

namespace dnnbench::tf {

// --- in: elements [all], sizes int64[all dimensions], places int64[tensors, 4]: where its elements
// begin and how many they are, where its sizes begin and how many they are.

std::vector<Tensor> pack(const Value& sequence, DataType element);
List unpacked(Graph& g, Out elements, Out sizes, Out places);

// --- out: elements [all], sizes int64[all dimensions], ranks int64[tensors]

Outs packed(Graph& g, const List& list);
// `packed`: three tensors.
std::vector<Tensor> unpack(const std::vector<Tensor>& packed);

}  // namespace dnnbench::tf
