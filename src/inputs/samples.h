// The user's samples for calibrating quantised models and for measuring what they cost in accuracy.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/tensor.h"
#include "onnx/model.h"
#include "onnx/shapes.h"

namespace dnnbench {

using InputSample = std::vector<Value>;  // one value for each input, in the model's order

// All samples of a folder, in one of three forms:
//   *.npz, each with an array for each input
//   test_data_set_0, test_data_set_1, ..., each with input_0.pb, ...
//   INPUT.npy for each input (any name where the model has one input), after the others
// in the order of their names, where digits count as numbers: 9.npz comes before 10.npz. An array
// has the input's shape, or holds several samples along a further or larger first dimension. Throws
// Error for a folder that holds none of these, or one that doesn't fit the model.
std::vector<InputSample> read_samples(const Model& model, const InputShapes& shapes,
                                      const std::string& folder);

// Of all its names, types, shapes and elements.
std::string sha256_of(const InputSample& sample);

// The right classes of these samples, in their order: a .npy file of whole numbers, as many for
// each sample as it has rows of scores. Throws Error for a file that doesn't fit.
std::vector<std::vector<int64_t>> read_labels(const std::string& path, size_t samples);

// Which of `count` samples, at least 2, calibrate, as spread over all as may be: three quarters,
// but no more than 16, since more gain nothing. The others are held out.
std::vector<bool> calibrating_samples(size_t count);

}  // namespace dnnbench
