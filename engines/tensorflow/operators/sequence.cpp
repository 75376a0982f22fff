// Sequences. One whose length is known while the graph is built leaves nothing in the graph: it is
// a list of names. Others are lists of the graph (lists.h). Optionals that are inputs are lists of
// at most one.
#include <algorithm>

#include "core/error.h"
#include "lists.h"
#include "operators.h"

namespace dnnbench::tf {
namespace {

using Names = std::vector<std::string>;

const Names* find_names(const Operation& op, size_t input) {
  return op.emitter.sequence(op.node.inputs.at(input));
}

List list_of(const Operation& op, size_t input) {
  return op.emitter.list(op.node.inputs.at(input));
}

void out_sequence(const Operation& op, Names names) {
  op.emitter.set_sequence(op.node.outputs[0], std::move(names));
}

void out_list(const Operation& op, const List& list) {
  op.emitter.set_list(op.node.outputs[0], list);
}

std::string named(const Operation& op, Out tensor) {
  const std::string name = op.emitter.fresh_name();
  op.emitter.set(name, tensor);
  return name;
}

// Among `count` places; nullopt where it is not known. Not given: `otherwise`.
std::optional<int64_t> known_place(const Operation& op, size_t input, size_t count,
                                   int64_t otherwise) {
  if (!op.has(input)) return otherwise;
  const auto at = op.find_integers(input);
  if (!at) return std::nullopt;
  const int64_t place = at->at(0) < 0 ? at->at(0) + static_cast<int64_t>(count) : at->at(0);
  if (place < 0 || place > static_cast<int64_t>(count)) {
    throw Unsupported("its position lies outside the sequence");
  }
  return place;
}

Out place_of(const Operation& op, size_t input) { return op.g.reshape(op.in(input), Shape{}); }

// `from` says which element of the list a turn's is; `place` is counted from the start.
using Source = std::function<Out(Graph&, Out turn, Out place, Out length)>;
List rearranged(const Operation& op, const List& list, Out count, Out place, const Source& from) {
  Graph& g = op.g;
  const auto make = [&](Graph& inner, Out turn, const Outs& given) {
    const List all{given[0], list.element};
    return list_element(inner, all, from(inner, turn, given[1], list_length(inner, all)));
  };
  return make_list(g, list.element, count, {list.handle, place}, make);
}

Out from_start(Graph& g, Out place, Out length) {
  const Out at = g.cast(place, TF_INT64);
  return g.select(g.less(at, g.long_scalar(0)), g.add(at, length), at);
}

void emit_construct(const Operation& op) { out_sequence(op, op.node.inputs); }

void emit_empty(const Operation& op) {
  // The graph may not say of which type it is.
  const auto type =
      static_cast<DataType>(op.integer("dtype", static_cast<int64_t>(DataType::kFloat32)));
  const import::ValueType* known = op.emitter.onnx().type_of(op.node.outputs[0]);
  if (known != nullptr && known->element != DataType::kUndefined) return out_sequence(op, {});
  out_list(op, empty_list(op.g, to_tensorflow(type)));
}

void emit_insert(const Operation& op) {
  if (const Names* names = find_names(op, 0)) {
    const auto end = static_cast<int64_t>(names->size());
    if (const auto at = known_place(op, 2, names->size(), end)) {
      Names longer = *names;
      longer.insert(longer.begin() + *at, op.node.inputs[1]);
      return out_sequence(op, longer);
    }
  }
  Graph& g = op.g;
  const List list = list_of(op, 0), longer = push(g, list, op.in(1));
  if (!op.has(2)) return out_list(op, longer);
  // The new one is the last; it moves to its place.
  const Out length = list_length(g, list);
  const auto from = [](Graph& inner, Out turn, Out place, Out count) {
    const Out one = inner.long_scalar(1);
    const Out before =
        inner.select(inner.equal(turn, place), inner.sub(count, one), inner.sub(turn, one));
    return inner.select(inner.less(turn, place), turn, before);
  };
  const Out place = from_start(g, place_of(op, 2), length);
  out_list(op, rearranged(op, longer, list_length(g, longer), place, from));
}

void emit_erase(const Operation& op) {
  if (const Names* names = find_names(op, 0)) {
    if (names->empty()) throw Unsupported("its sequence is empty");
    const auto end = static_cast<int64_t>(names->size()) - 1;
    if (const auto at = known_place(op, 1, names->size(), end)) {
      Names shorter = *names;
      shorter.erase(shorter.begin() + *at);
      return out_sequence(op, shorter);
    }
  }
  Graph& g = op.g;
  const List list = list_of(op, 0);
  const Out length = list_length(g, list), one = g.long_scalar(1);
  const Out place = op.has(1) ? from_start(g, place_of(op, 1), length) : g.sub(length, one);
  const auto from = [](Graph& inner, Out turn, Out at, Out) {
    return inner.select(inner.less(turn, at), turn, inner.add(turn, inner.long_scalar(1)));
  };
  out_list(op, rearranged(op, list, g.sub(length, one), place, from));
}

void emit_at(const Operation& op) {
  if (const Names* names = find_names(op, 0)) {
    if (const auto at = known_place(op, 1, names->size(), 0)) {
      return op.out(op.emitter.get(names->at(static_cast<size_t>(*at))));
    }
  }
  op.out(list_element(op.g, list_of(op, 0), place_of(op, 1)));
}

void emit_length(const Operation& op) {
  const Names* names = find_names(op, 0);
  op.out(names != nullptr ? op.g.long_scalar(static_cast<int64_t>(names->size()))
                          : list_length(op.g, list_of(op, 0)));
}

// Parts of one size that is an input, or single slices of a dimension that is not known.
void split_to_list(const Operation& op, int64_t axis) {
  Graph& g = op.g;
  const Out x = op.in(0), size = g.size_of(x, axis);
  const Out part = op.has(1) ? g.cast(g.reshape(op.in(1), Shape{}), TF_INT64) : g.long_scalar(1);
  const Out count = g.compute("FloorDiv", {g.sub(g.add(size, part), g.long_scalar(1)), part});
  const bool squeezed = !op.has(1) && op.integer("keepdims", 1) == 0;
  const auto rank = static_cast<int64_t>(g.rank(x));
  const auto make = [&](Graph& inner, Out turn, const Outs& given) {
    const Out begin = inner.mul(turn, given[1]), all = inner.size_of(given[0], axis);
    const Out end = inner.minimum(inner.add(begin, given[1]), all);
    const Out piece = inner.gather(given[0], inner.range(begin, end, inner.long_scalar(1)), axis);
    return squeezed ? inner.squeeze(piece, {axis}) : piece;
  };
  if (axis >= rank) throw Unsupported("it has no axis " + std::to_string(axis));
  out_list(op, make_list(g, Graph::type(x), count, {x, part}, make));
}

void emit_split_to_sequence(const Operation& op) {
  Graph& g = op.g;
  const Shape shape = op.shape(0);
  const int64_t axis = op.axis("axis", 0, shape.size());
  const int64_t size = shape[static_cast<size_t>(axis)];
  const bool scalar = op.has(1) && op.rank(1) == 0;
  const auto known = op.find_integers(1);
  Names names;
  if (op.has(1) && !scalar && !known) {
    // The number of parts is known, their sizes are not.
    const int64_t count = op.static_shape(1).at(0);
    for (const Out piece :
         g.call_all("SplitV", {op.in(0), g.cast(op.in(1), TF_INT64), g.int_scalar(axis)},
                    {{"num_split", count}})) {
      names.push_back(named(op, piece));
    }
    return out_sequence(op, names);
  }
  if (size < 0 || (op.has(1) && !known)) return split_to_list(op, axis);
  std::vector<int64_t> parts = scalar || !known ? std::vector<int64_t>{} : *known;
  const int64_t part = scalar ? known->at(0) : 1;
  if (scalar || !op.has(1)) {
    if (part < 1) throw Unsupported("its parts have no size");
    for (int64_t left = size; left > 0; left -= part) parts.push_back(std::min(part, left));
  }
  int64_t begin = 0;
  for (const int64_t one : parts) {
    Out piece = g.slice(op.in(0), axis, begin, begin + one);
    begin += one;
    // Without sizes the dimension may go.
    if (!op.has(1) && op.integer("keepdims", 1) == 0) piece = g.squeeze(piece, {axis});
    names.push_back(named(op, piece));
  }
  out_sequence(op, names);
}

// The first dimension to where `axis` is, or that one to the first; the rank need not be known.
Out moved(Graph& g, Out x, int64_t axis, bool to_front) {
  const Out rank = g.call("Rank", {x}), zero = g.int_scalar(0), one = g.int_scalar(1);
  const Out at = axis < 0 ? g.add(rank, g.int_scalar(axis)) : g.int_scalar(axis);
  const Out next = g.add(at, one), first = g.ints({0});
  const Out rest = g.range(next, rank, one);
  const Out order = to_front ? g.concat({g.expand_dims(at, 0), g.range(zero, at, one), rest}, 0)
                             : g.concat({g.range(one, next, one), first, rest}, 0);
  return g.call("Transpose", {x, order});
}

// Elements join along the first dimension only, so others come first meanwhile.
void concat_list(const Operation& op, bool stacks) {
  Graph& g = op.g;
  const List list = list_of(op, 0);
  const int64_t axis = op.integer("axis", 0);
  if (axis == 0) return op.out(stacks ? stacked(g, list, std::nullopt) : joined(g, list));
  if (stacks) return op.out(moved(g, stacked(g, list, std::nullopt), axis, false));
  const auto make = [&](Graph& inner, Out turn, const Outs& outer) {
    return moved(inner, list_element(inner, {outer[0], list.element}, turn), axis, true);
  };
  const List turned = make_list(g, list.element, list_length(g, list), {list.handle}, make);
  op.out(moved(g, joined(g, turned), axis, false));
}

void emit_concat_from_sequence(const Operation& op) {
  Graph& g = op.g;
  const bool stacks = op.integer("new_axis", 0) != 0;
  const Names* names = find_names(op, 0);
  if (names == nullptr) return concat_list(op, stacks);
  Outs tensors;
  for (const std::string& name : *names) tensors.push_back(op.emitter.get(name));
  if (tensors.empty()) throw Unsupported("its sequence is empty");
  const size_t rank = g.rank(tensors[0]) + (stacks ? 1 : 0);
  const int64_t axis = op.axis("axis", 0, rank);
  op.out(stacks ? g.call("Pack", {tensors}, {{"axis", axis}}) : g.concat(tensors, axis));
}

// An input that may hold nothing: a list of at most one tensor.
std::optional<List> find_optional(const Operation& op) {
  const import::ValueType* type =
      op.has(0) ? op.emitter.onnx().type_of(op.node.inputs[0]) : nullptr;
  const bool optional = type != nullptr && type->kind == import::ValueType::Kind::kOptional;
  return optional ? op.emitter.find_list(op.node.inputs[0]) : std::nullopt;
}

// What is there is handed on; what is not can't be.
void emit_optional(const Operation& op) {
  if (!op.has(0)) throw Unsupported("TensorFlow has no empty optional");
  if (const Names* names = find_names(op, 0)) return out_sequence(op, *names);
  if (const auto list = op.emitter.find_list(op.node.inputs[0])) return out_list(op, *list);
  op.out(op.in(0));
}

void emit_get_element(const Operation& op) {
  const auto optional = find_optional(op);
  if (!optional) return emit_optional(op);
  op.out(list_element(op.g, *optional, op.g.long_scalar(0)));
}

void emit_has_element(const Operation& op) {
  Graph& g = op.g;
  if (const auto optional = find_optional(op)) {
    return op.out(g.less(g.long_scalar(0), list_length(g, *optional)));
  }
  op.out(g.cast(g.int_scalar(op.has(0) ? 1 : 0), TF_BOOL));
}

}  // namespace

Operators sequence_operators() {
  return {
      {"ConcatFromSequence", emit_concat_from_sequence},
      {"Optional", emit_optional},
      {"OptionalGetElement", emit_get_element},
      {"OptionalHasElement", emit_has_element},
      {"SequenceAt", emit_at},
      {"SequenceConstruct", emit_construct},
      {"SequenceEmpty", emit_empty},
      {"SequenceErase", emit_erase},
      {"SequenceInsert", emit_insert},
      {"SequenceLength", emit_length},
      {"SplitToSequence", emit_split_to_sequence},
  };
}

}  // namespace dnnbench::tf
