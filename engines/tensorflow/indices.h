// Indices as ONNX has them: negative ones count from the end, and of one dimension at a time.
#pragma once

#include <vector>

#include "operation.h"

namespace dnnbench::tf {

// An input's indices along a dimension of that size, counted from the start.
Out from_start(const Operation& op, size_t input, Out size);

// Places in every dimension for indices along one, as GatherNd and TensorScatter take them:
// [indices' shape..., rank].
Out all_places(Graph& g, Out indices, int64_t axis);

// The same for indices that are [..., depth] already: negative ones are counted from the start.
Out places_from_start(Graph& g, Out indices, Out tensor);

// The permutation that sorts a vector, ascending, equal elements as they come.
Out sorting(Graph& g, Out vector);

}  // namespace dnnbench::tf
