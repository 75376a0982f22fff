#include "kernels.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <vector>

#include "import/graph_walk.h"
#include "open_model.h"
#include "protocol/precision.h"

namespace dnnbench::ort {
namespace {

const std::set<std::string> kInt8Products{
    "ConvInteger",   "DynamicQuantizeLSTM",  "DynamicQuantizeMatMul",
    "MatMulInteger", "MatMulIntegerToFloat", "QAttention",
    "QGemm",         "QLinearConv",          "QLinearConvTranspose",
    "QLinearMatMul"};
const std::set<std::string> kFloatProducts{"Conv",        "FusedConv", "FusedGemm",
                                           "FusedMatMul", "Gemm",      "MatMul"};
// Those that variants leave in f32, so that they are named.
const std::set<std::string> kOtherFloatProducts{
    "Attention", "ConvTranspose", "DeformConv",         "Einsum", "GRU",
    "LSTM",      "MatMulNBits",   "MultiHeadAttention", "RNN"};
// Of f32, but for the price of moving values: not counted.
const std::set<std::string> kMoves{"Cast",           "DequantizeLinear", "DynamicQuantizeLinear",
                                   "QuantizeLinear", "ReorderInput",     "ReorderOutput",
                                   "Reshape",        "Transpose"};

std::string list(const std::map<std::string, int>& counts) {
  std::vector<std::pair<std::string, int>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  for (const auto& [name, count] : sorted) {
    if (!text.empty()) text += ", ";
    text += name + " " + std::to_string(count);
  }
  return text;
}

// Of weights in few bits: with this accuracy the other factor is rounded to 8 bits, which is also
// what the library chooses where it makes such a product of DequantizeLinear and MatMul
// (session.qdq_matmulnbits_accuracy_level).
bool rounds_to_8_bits(const import::Node& node) {
  return node.op == "MatMulNBits" && node.integer("accuracy_level", 0) == 4;
}

bool is_f32(const import::Graph& graph, const import::Node& node) {
  const import::ValueType* type = graph.type_of(node.outputs[0]);
  return type == nullptr || type->element == DataType::kFloat32;
}

// Of a product that is not of integers: its output's type, where the file says it.
std::string float_precision(const import::Graph& graph, const import::Node& node) {
  const import::ValueType* type = graph.type_of(node.outputs[0]);
  return type == nullptr ? "f32" : precision_of({type->element});
}

}  // namespace

Kernels count_kernels(const import::Graph& graph) {
  std::map<std::string, int> products, others;
  import::for_each_graph(graph, [&](const import::Graph& part) {
    for (const import::Node& node : part.nodes) {
      if (is_int8_product(node.op) || rounds_to_8_bits(node)) {
        ++products["int8"];
      } else if (kFloatProducts.count(node.op) > 0) {
        ++products[float_precision(part, node)];
      } else if (kOtherFloatProducts.count(node.op) > 0) {
        ++products[float_precision(part, node)];
        ++others[node.op];
      } else if (kMoves.count(node.op) == 0 && node.op.rfind("QLinear", 0) != 0 &&
                 is_f32(part, node)) {
        ++others[node.op];
      }
    }
  });
  const std::string precision = products.size() == 1 ? products.begin()->first
                                : products.empty()   ? "f32"
                                                     : "mixed";
  return {precision, list(products), list(others)};
}

bool is_int8_product(const std::string& op) { return kInt8Products.count(op) > 0; }

bool is_product(const std::string& op) {
  return kInt8Products.count(op) + kFloatProducts.count(op) + kOtherFloatProducts.count(op) > 0;
}

std::string why_products_are_not_on_gpu(int64_t on_cpu, int64_t elsewhere) {
  if (on_cpu == 0 || on_cpu < elsewhere) return "";
  return std::to_string(on_cpu) + " of its " + std::to_string(on_cpu + elsewhere) +
         " convolutions and matrix products run on the CPU, so this would not be a GPU's result";
}

Kernels read_kernels(const LoadConfig& config, const ModelOutline& outline) {
  const std::filesystem::path path = std::filesystem::temp_directory_path() /
                                     ("dnn-bench-executed-" + std::to_string(getpid()) + ".onnx");
  try {
    open_model(config, outline, nullptr, path.string());
    const Kernels kernels =
        count_kernels(import::read_model_file(path.string(), config.model_path).graph);
    std::filesystem::remove(path);
    return kernels;
  } catch (...) {
    std::filesystem::remove(path);
    throw;
  }
}

}  // namespace dnnbench::ort
