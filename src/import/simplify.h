// The model's simplified form, which importers read: ONNX Runtime's basic optimisations with every
// dimension fixed fold all shape arithmetic and leave standard operators. The weights are kept out
// of it, so that it takes milliseconds: each becomes an input of a fixed type and shape, and
// import/read_graph.h puts it back from the original file. Here are the steps around the library's
// call, which engines/onnxruntime makes in a process of its own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "import/read_model.h"
#include "protocol/load_config.h"

namespace dnnbench::import {

// Tensors of more bytes than this are weights; smaller ones take part in the folding.
inline constexpr int64_t kLargestFolded_bytes = 1024;

// The model without its weights, those tensors of the main graph with more than
// `largest_folded_bytes`, to be given to the library: inputs have the shapes that
// config.input_shapes says, those in config.bound_inputs_file are initializers. Throws Error for a
// broken file.
std::string without_weights(const LoadConfig& config,
                            int64_t largest_folded_bytes = kLargestFolded_bytes);

// The model as the original would have it, for a library that reads ONNX: what without_weights
// made an input becomes a constant again, and what was bound an input.
std::string with_weights(const ModelFile& model, const Graph& original);

// The library writes no types of the values within a graph, but it does for its outputs: the
// model with every value of its main graph as an output.
std::string with_every_value_as_output(const std::string& model);

// Makes values of its main graph outputs as well.
void add_outputs(std::string& model, const std::vector<std::string>& values);

// The model with these types, of tensors, written into it.
std::string with_types(const std::string& model, const std::vector<Parameter>& values);

// Of config.bound_inputs_file; none when there is no such file.
std::vector<Value> read_bound_inputs(const LoadConfig& config);

}  // namespace dnnbench::import
