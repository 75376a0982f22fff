// A convolution of tensors that are in the graph already, for the operators that contain one.
#pragma once

#include <optional>

#include "operation.h"
#include "spatial.h"

namespace dnnbench::tf {

// x has channels last, the filters are stored [kernel..., C/group, M]; the result has channels
// last. `bias` is [M]. Throws Unsupported beyond three spatial dimensions.
Out convolve(Graph& g, Out x, Out filters, const Windows& windows, int64_t groups,
             const std::optional<Out>& bias = std::nullopt);

// [M, C/group, kernel...] -> [kernel..., C/group, M].
Permutation filters_last(size_t rank);

// kernel_shape where the node has it, otherwise the filters' own.
Shape kernel_of(const Operation& op, size_t weight);

}  // namespace dnnbench::tf
