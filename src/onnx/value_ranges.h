// Internal to src/onnx: which values an input may take, found by following it through operators
// that pass its values on (Cast, Reshape, Concat, Add of a constant, ...) to those that restrict
// them:
//   index of Gather, OneHot, ... : 0 to the table's size - 1 (only 0 when the size is not known)
//   mask (1 - x, Cast to bool, a name with "mask"): 0 to 1; one that masks nothing where its name
//     says which value that is ("attention_mask", "padding_mask")
//   shape, repeats, k, trip count, axis, ... : one that nearly always fits
//   argument of Log, Sqrt, a broken power, divisor: 0.1 to 1, whole numbers 1 to 9
#pragma once

#include <map>
#include <string>
#include <vector>

#include "import/read_model.h"
#include "onnx/model.h"

namespace dnnbench {

// For those of `inputs` that the graph or a function that it uses restricts.
std::map<std::string, ValueRange> find_value_ranges(const import::ModelFile& file,
                                                    const std::vector<ModelValue>& inputs);

}  // namespace dnnbench
