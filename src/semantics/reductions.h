// Reductions in plain numbers: ReduceSum and its like
// (https://onnx.ai/onnx/operators/onnx__ReduceSum.html), ArgMax and ArgMin
// (https://onnx.ai/onnx/operators/onnx__ArgMax.html).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "import/graph.h"

namespace dnnbench::semantics {

// What is known of the input that lists axes.
struct AxesInput {
  std::optional<int64_t> count;
  std::optional<std::vector<int64_t>> values;
};

struct Reduction {
  enum class Extent {
    kNothing,       // each element is reduced by itself: what is done before and after stays
    kAll,           // all axes
    kAxes,          // `axes`
    kAxesAtRunTime  // the axes in input 1, one or more
  };
  Extent extent = Extent::kAll;
  std::vector<int64_t> axes;  // of kAxes; negative: from the end
  bool keep_dims = true;
};

// The axes are an attribute before opset 18 (ReduceSum: 13) and input 1 from it on. `input`:
// nullopt where the node has no such input. Throws Unsupported where the number of axes is not
// known, or the node has the form of another opset.
Reduction read_reduction(const import::Node& node, const std::optional<AxesInput>& input);

// What is reduced of an input of that rank, ascending, each once, counted from 0. Not for
// kAxesAtRunTime. A scalar has no axes. Throws Unsupported for an axis outside the rank.
std::vector<int64_t> reduced_axes(const Reduction& reduction, size_t rank);

// ArgMax and ArgMin.
struct ExtremeIndex {
  int64_t axis = 0;  // negative: from the end
  bool keep_dims = true;
  bool last = false;  // of equal elements the last one counts, not the first
};

ExtremeIndex read_extreme_index(const import::Node& node);

}  // namespace dnnbench::semantics
