// Which operators the library really executes, and in which arithmetic: of a quantised model it
// replaces by int8 operators what it can, and computes the rest in f32.
#pragma once

#include <cstdint>
#include <string>

#include "import/graph.h"
#include "model_outline.h"
#include "protocol/load_config.h"

namespace dnnbench::ort {

struct Kernels {
  std::string precision;  // of the products (is_product): "int8", "f32", "f16" ... or "mixed"
  std::string products;   // "int8 53, f32 2"
  // What else computes in f32, and products that no variant has in int8, most frequent first:
  // "Softmax 12, ConvTranspose 4".
  std::string operators;
};

// Whether the operator multiplies matrices, which takes most of the time of most models.
bool is_product(const std::string& op);
bool is_int8_product(const std::string& op);

// "" where fewer than half of a model's products run on the CPU, or it has none.
std::string why_products_are_not_on_gpu(int64_t on_cpu, int64_t elsewhere);

// Of the graph that is executed, with its subgraphs.
Kernels count_kernels(const import::Graph& graph);

// Opens the model once more, and writes what is executed into a file for the time being.
Kernels read_kernels(const LoadConfig& config, const ModelOutline& outline);

}  // namespace dnnbench::ort
