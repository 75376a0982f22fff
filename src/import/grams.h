// The pool of TfIdfVectorizer in a form to compute with: its attributes give where each size's
// grams begin (https://onnx.ai/onnx/operators/onnx__TfIdfVectorizer.html).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "import/graph.h"

namespace dnnbench::import {

// Grams of one size.
struct Grams {
  int64_t size = 0;
  std::vector<int64_t> items;    // [grams, size]: places in the pool
  std::vector<int64_t> outputs;  // to which output each gram is counted
};

// Those that are to be counted, shortest first. Throws Unsupported where the attributes contradict
// each other.
std::vector<Grams> read_grams(const Node& node, size_t pool_size);

// Which elements of a row of `length` are the windows of `size` elements, each `step` from the
// last: [windows, size]; empty where none fits.
std::vector<int64_t> gram_windows(int64_t length, int64_t size, int64_t step);

// How many outputs there are.
int64_t gram_output_count(const Node& node);

// What each output's count is multiplied by; empty for mode TF and where there are no weights.
std::vector<double> gram_weights(const Node& node);

}  // namespace dnnbench::import
