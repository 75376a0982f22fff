// The inputs of a measurement: the same bytes for every engine, and for the same seed on every
// machine.
#pragma once

#include <cstdint>
#include <vector>

#include "core/tensor.h"
#include "inputs/given_inputs.h"
#include "onnx/model.h"
#include "onnx/shapes.h"

namespace dnnbench {

// Bytes that making all inputs of these shapes takes at its peak, both sets of a run included; a
// double since shapes may ask for more than can be counted.
double estimated_input_bytes(const Model& model, const InputShapes& shapes);

// One value for each input of the model, in its order: the user's where given, otherwise drawn
// from std::mt19937_64:
//   floats      uniform in [-1, 1), complex in both parts
//   integers    0 to 9; all of the range for 8 bits and less
//   bool        false or true
//   strings     "word0" to "word99"
// each within Model::input_ranges where the graph restricts it. `shapes` has every tensor input.
// Throws Error for a sequence, optional, map or sparse input that is not given: those need
// --test-data; and for a fill that the type can't hold.
std::vector<Value> make_inputs(const Model& model, const InputShapes& shapes, uint64_t seed,
                               const GivenInputs& given);

// A second set with other content, to find an engine that hands out an earlier answer: generated
// with the next seed; the user's floats perturbed by a hundredth, his other values kept.
std::vector<Value> make_other_inputs(const Model& model, const InputShapes& shapes, uint64_t seed,
                                     const GivenInputs& given);

// The same values with every float x moved to x * (1 + d), d uniform in [-relative, relative]; all
// else unchanged. `by_rounding`, for a model in f16 or bf16: within the rounding of these where x
// is of that type and it is more. Seeded.
std::vector<Value> perturb(const std::vector<Value>& inputs, double relative, uint64_t seed,
                           bool by_rounding = false);

}  // namespace dnnbench
