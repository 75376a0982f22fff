// Slice in plain numbers (https://onnx.ai/onnx/operators/onnx__Slice.html).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "import/graph.h"

namespace dnnbench::semantics {

// Of one axis, counted from 0. A bound counts from the end where it is negative, and may lie beyond
// either end.
struct Slice {
  int64_t axis = 0;
  int64_t start = 0;
  int64_t end = 0;
  int64_t step = 1;
};

// `axes` and `steps` may be empty: the first axes, steps of 1. Throws Unsupported where the lists
// do not fit each other or the rank.
std::vector<Slice> make_slices(const std::vector<int64_t>& starts, const std::vector<int64_t>& ends,
                               const std::vector<int64_t>& axes, const std::vector<int64_t>& steps,
                               size_t rank);

// Split without sizes: those of `count` equal parts, the last ones smaller where the axis is not
// their multiple.
std::vector<int64_t> equal_parts(int64_t size, int64_t count);

// What Shape gives of a tensor of that rank: the dimensions from `start` to before `end`.
Slice shape_slice(const import::Node& node, size_t rank);

// The same elements of an axis of that size as numpy's slices name them: where a start lies before
// the first element ONNX begins with it, while numpy takes nothing when it goes backwards.
Slice as_numpy(Slice slice, int64_t size);

}  // namespace dnnbench::semantics
