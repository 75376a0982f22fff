#include "operation.h"

#include <algorithm>

#include "core/error.h"
#include "semantics/axes.h"

namespace dnnbench::tf {
namespace {

bool one_element(const Shape& shape) {
  return std::all_of(shape.begin(), shape.end(), [](int64_t size) { return size == 1; });
}

}  // namespace

Out Operation::in(size_t index, const Permutation& permutation) const {
  if (!has(index)) throw Unsupported("it lacks its input " + std::to_string(index));
  return emitter.get(node.inputs[index], permutation);
}

Outs Operation::ins() const {
  Outs all;
  for (size_t i = 0; i < input_count(); ++i) all.push_back(in(i));
  return all;
}

TF_DataType Operation::type(size_t index) const {
  if (!has(index)) throw Unsupported("it lacks its input " + std::to_string(index));
  if (const import::Constant* known = constant(index)) return to_tensorflow(known->type);
  return Graph::type(emitter.forms(node.inputs[index]).front().out);
}

Permutation Operation::order(size_t index) const {
  if (constant(index) != nullptr) return {};
  return emitter.forms(node.inputs[index]).front().permutation;
}

Aligned Operation::aligned(const std::vector<size_t>& inputs) const {
  Aligned result;
  size_t result_rank = 0;
  bool known = true;
  for (const size_t index : inputs) {
    const auto shape = find_shape(index);
    known = known && shape.has_value();
    if (shape) result_rank = std::max(result_rank, shape->size());
  }
  const Permutation last = channels_last(result_rank);
  for (const size_t index : inputs) {
    if (!known || constant(index) != nullptr || rank(index) != result_rank) continue;
    const auto& forms = emitter.forms(node.inputs[index]);
    const auto is_last = [&](const Stored& form) { return form.permutation == last; };
    if (std::any_of(forms.begin(), forms.end(), is_last)) result.permutation = last;
  }
  // Orders other than channels last are kept only where nobody has to be brought into them.
  if (known && result.permutation.empty()) {
    std::optional<Permutation> common;
    for (const size_t index : inputs) {
      if (constant(index) != nullptr || one_element(shape(index))) continue;
      const Permutation stored = rank(index) == result_rank ? order(index) : Permutation{};
      if (common && *common != stored) common = Permutation{};
      if (!common) common = stored;
    }
    result.permutation = common.value_or(Permutation{});
  }
  for (const size_t index : inputs) {
    if (result.permutation.empty()) {
      result.operands.push_back(in(index));
      continue;
    }
    const Shape own = shape(index);
    if (own.size() == result_rank) {
      result.operands.push_back(in(index, result.permutation));
    } else if (one_element(own)) {
      result.operands.push_back(in(index));
    } else {
      Shape dimensions(result_rank - own.size(), 1);
      dimensions.insert(dimensions.end(), own.begin(), own.end());
      Out out = in(index);
      for (size_t i = own.size(); i < result_rank; ++i) out = g.expand_dims(out, 0);
      result.operands.push_back(
          g.transpose(out, transposition({}, result.permutation, result_rank)));
    }
  }
  return result;
}

std::optional<Shape> Operation::find_shape(size_t index) const {
  return emitter.find_shape(node.inputs[index]);
}

Shape Operation::shape(size_t index) const {
  if (!has(index)) throw Unsupported("it lacks its input " + std::to_string(index));
  if (auto known = find_shape(index)) return *known;
  throw Unsupported("the rank of its input \"" + node.inputs[index] +
                    "\" is not known before it runs");
}

Shape Operation::static_shape(size_t index) const {
  const Shape known = shape(index);
  if (std::count(known.begin(), known.end(), -1) == 0) return known;
  throw Unsupported("the shape of its input \"" + node.inputs[index] +
                    "\" is not known before it runs");
}

const import::Constant* Operation::constant(size_t index) const {
  return has(index) ? emitter.constant(node.inputs[index]) : nullptr;
}

std::optional<std::vector<int64_t>> Operation::find_integers(size_t index) const {
  const import::Constant* known = constant(index);
  if (known == nullptr) return std::nullopt;
  return known->integers();
}

std::optional<double> Operation::find_number(size_t index) const {
  const import::Constant* known = constant(index);
  if (known == nullptr || known->element_count() != 1) return std::nullopt;
  return known->doubles()[0];
}

std::vector<int64_t> Operation::integers(size_t index, const std::string& what) const {
  if (auto known = find_integers(index)) return *known;
  throw Unsupported("its " + what + " are not known before it runs");
}

std::vector<double> Operation::numbers(size_t index, const std::string& what) const {
  if (const import::Constant* known = constant(index)) return known->doubles();
  throw Unsupported("its " + what + " are not known before it runs");
}

std::optional<std::vector<int64_t>> Operation::axes(size_t input, size_t rank) const {
  std::vector<int64_t> axes;
  if (has(input)) {
    axes = integers(input, "axes");
  } else if (node.attribute("axes") != nullptr) {
    axes = node.integers("axes");
  } else {
    return std::nullopt;
  }
  for (int64_t& axis : axes) axis = semantics::axis_from_start(axis, rank);
  return axes;
}

void Operation::out(size_t index, Out tensor, const Permutation& permutation) const {
  if (wants(index)) emitter.set(node.outputs[index], tensor, permutation);
}

}  // namespace dnnbench::tf
