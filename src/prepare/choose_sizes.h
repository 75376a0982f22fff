// Sizes for the dimensions that a model leaves open: the user's, otherwise a batch of 1 and, for
// the others, the first of the sizes that fit (prepare/size_system.h) which the graph really
// accepts.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "onnx/model.h"
#include "onnx/shapes.h"

namespace dnnbench {

// Whether the model runs on inputs of these shapes: nullopt when it does, otherwise why not.
using AcceptsShapes = std::function<std::optional<std::string>(const InputShapes&)>;

// `accepts` is called only when there are several sizes to choose from (not for a batch), with one
// set of shapes after the other until it returns nullopt; those are returned. Throws UsageError for
// a name that is not an input and a rank or size that contradicts the model; Error when nothing is
// accepted, when nothing suggests a size (num_atoms), or when the model does not state an input's
// rank and the user gives no shape.
//
// `batch`, where given, is the size of the batch dimensions: those called so, and the first one
// where it has no telling name. Throws UsageError for a model that fixes them otherwise, or, for
// more than 1, has none.
ResolvedShapes choose_sizes(const Model& model, const InputShapes& given,
                            const AcceptsShapes& accepts,
                            std::optional<int64_t> batch = std::nullopt);

}  // namespace dnnbench
