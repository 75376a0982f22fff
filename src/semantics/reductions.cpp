#include "semantics/reductions.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "core/error.h"
#include "semantics/axes.h"

namespace dnnbench::semantics {
namespace {

bool axes_are_input(const import::Node& node) {
  return node.opset >= (node.op == "ReduceSum" ? 13 : 18);
}

void check_form(const import::Node& node, bool has_input) {
  const bool as_input = axes_are_input(node);
  if (as_input ? node.attribute("axes") == nullptr : !has_input) return;
  throw Unsupported(std::string("its axes are an ") + (as_input ? "attribute" : "input") +
                    ", which this opset does not allow");
}

}  // namespace

Reduction read_reduction(const import::Node& node, const std::optional<AxesInput>& input) {
  check_form(node, input.has_value());
  Reduction reduction;
  reduction.keep_dims = node.integer("keepdims", 1) != 0;
  if (input && !input->values && input->count != 0) {
    if (!input->count) throw Unsupported("the number of its axes is not known before it runs");
    reduction.extent = Reduction::Extent::kAxesAtRunTime;
    return reduction;
  }
  reduction.axes = input ? input->values.value_or(std::vector<int64_t>{}) : node.integers("axes");
  if (!reduction.axes.empty()) {
    reduction.extent = Reduction::Extent::kAxes;
  } else if (axes_are_input(node) && node.integer("noop_with_empty_axes", 0) != 0) {
    reduction.extent = Reduction::Extent::kNothing;
  }
  return reduction;
}

std::vector<int64_t> reduced_axes(const Reduction& reduction, size_t rank) {
  if (reduction.extent == Reduction::Extent::kNothing) return {};
  std::vector<int64_t> axes(rank);
  std::iota(axes.begin(), axes.end(), 0);
  if (reduction.extent == Reduction::Extent::kAll) return axes;
  std::vector<bool> reduced(std::max<size_t>(rank, 1), false);
  for (const int64_t axis : reduction.axes) {
    reduced[static_cast<size_t>(axis_from_start(axis, rank))] = true;
  }
  axes.erase(std::remove_if(axes.begin(), axes.end(),
                            [&](int64_t axis) { return !reduced[static_cast<size_t>(axis)]; }),
             axes.end());
  return axes;
}

ExtremeIndex read_extreme_index(const import::Node& node) {
  return {node.integer("axis", 0), node.integer("keepdims", 1) != 0,
          node.integer("select_last_index", 0) != 0};
}

}  // namespace dnnbench::semantics
