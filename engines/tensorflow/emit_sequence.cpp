// Sequences: lists of tensors whose length is known while the graph is built, so that none is left
// in the graph.
#include <algorithm>

#include "core/error.h"
#include "operators.h"

namespace dnnbench::tf {
namespace {

using Names = std::vector<std::string>;

const Names& elements(const Emission& n, size_t input) {
  if (const Names* names = n.emitter.sequence(n.node.inputs.at(input))) return *names;
  throw Unsupported("the length of the sequence \"" + n.node.inputs.at(input) +
                    "\" is not known before it runs");
}

void out_sequence(const Emission& n, Names names) {
  n.emitter.set_sequence(n.node.outputs[0], std::move(names));
}

std::string named(const Emission& n, Out tensor) {
  const std::string name = n.emitter.fresh_name();
  n.emitter.set(name, tensor);
  return name;
}

int64_t position(const Emission& n, size_t input, size_t count) {
  const int64_t at = n.integers(input, "positions").at(0);
  const int64_t place = at < 0 ? at + static_cast<int64_t>(count) : at;
  if (place < 0 || place > static_cast<int64_t>(count))
    throw Unsupported("its position lies outside the sequence");
  return place;
}

void emit_construct(const Emission& n) { out_sequence(n, n.node.inputs); }

void emit_empty(const Emission& n) { out_sequence(n, {}); }

void emit_insert(const Emission& n) {
  Names names = elements(n, 0);
  const auto count = static_cast<int64_t>(names.size());
  const int64_t at = n.has(2) ? position(n, 2, names.size()) : count;
  names.insert(names.begin() + at, n.node.inputs[1]);
  out_sequence(n, names);
}

void emit_erase(const Emission& n) {
  Names names = elements(n, 0);
  if (names.empty()) throw Unsupported("its sequence is empty");
  const int64_t at =
      n.has(1) ? position(n, 1, names.size()) : static_cast<int64_t>(names.size()) - 1;
  names.erase(names.begin() + at);
  out_sequence(n, names);
}

void emit_at(const Emission& n) {
  const Names& names = elements(n, 0);
  n.out(n.emitter.get(names.at(static_cast<size_t>(position(n, 1, names.size())))));
}

void emit_length(const Emission& n) {
  n.out(n.g.long_scalar(static_cast<int64_t>(elements(n, 0).size())));
}

void emit_split(const Emission& n) {
  Graph& g = n.g;
  const Shape shape = n.static_shape(0);
  const int64_t axis = n.axis("axis", 0, shape.size());
  const int64_t size = shape[static_cast<size_t>(axis)];
  std::vector<int64_t> parts;
  const bool scalar = n.has(1) && n.rank(1) == 0;
  if (n.has(1) && !scalar) {
    parts = n.integers(1, "parts");
  } else {
    const int64_t part = scalar ? n.integers(1, "parts").at(0) : 1;
    for (int64_t left = size; left > 0; left -= part) parts.push_back(std::min(part, left));
  }
  Names names;
  int64_t begin = 0;
  for (const int64_t part : parts) {
    Out piece = g.slice(n.in(0), axis, begin, begin + part);
    begin += part;
    // Without sizes the dimension may go.
    if (!n.has(1) && n.integer("keepdims", 1) == 0) piece = g.squeeze(piece, {axis});
    names.push_back(named(n, piece));
  }
  out_sequence(n, names);
}

void emit_concat(const Emission& n) {
  Graph& g = n.g;
  Outs tensors;
  for (const std::string& name : elements(n, 0)) tensors.push_back(n.emitter.get(name));
  if (tensors.empty()) throw Unsupported("its sequence is empty");
  const bool stacks = n.integer("new_axis", 0) != 0;
  const size_t rank = g.rank(tensors[0]) + (stacks ? 1 : 0);
  const int64_t axis = n.axis("axis", 0, rank);
  n.out(stacks ? g.call("Pack", {tensors}, {{"axis", axis}}) : g.concat(tensors, axis));
}

// What is there is handed on; what is not can't be.
void emit_optional(const Emission& n) {
  if (!n.has(0)) throw Unsupported("TensorFlow has no optional that holds nothing");
  if (const Names* names = n.emitter.sequence(n.node.inputs[0])) return out_sequence(n, *names);
  n.out(n.in(0));
}

void emit_has_element(const Emission& n) {
  n.out(n.g.cast(n.g.int_scalar(n.has(0) ? 1 : 0), TF_BOOL));
}

}  // namespace

std::vector<OperatorEntry> sequence_operators() {
  return {
      {"ConcatFromSequence", emit_concat},
      {"Optional", emit_optional},
      {"OptionalGetElement", emit_optional},
      {"OptionalHasElement", emit_has_element},
      {"SequenceAt", emit_at},
      {"SequenceConstruct", emit_construct},
      {"SequenceEmpty", emit_empty},
      {"SequenceErase", emit_erase},
      {"SequenceInsert", emit_insert},
      {"SequenceLength", emit_length},
      {"SplitToSequence", emit_split},
  };
}

}  // namespace dnnbench::tf
