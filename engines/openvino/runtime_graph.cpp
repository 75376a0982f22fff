#include "runtime_graph.h"

#include <map>
#include <openvino/core/model.hpp>
#include <set>

#include "machine/read_environment.h"

namespace dnnbench {
namespace {

// Keys that the CPU plugin writes into each node's runtime information.
constexpr const char* kLayerType = "layerType";
constexpr const char* kRuntimePrecision = "runtimePrecision";

// Layers that hold or move values; their type says nothing about the type of the arithmetic.
const std::set<std::string> kHolds{"Const", "Input", "Output"};
const std::set<std::string> kMoves{"Reorder", "Reshape", "Convert"};

const std::set<std::string> kProducts{"Convolution", "Deconvolution", "FullyConnected", "MatMul"};

const std::map<std::string, DataType> kFloats{
    {"f16", DataType::kFloat16}, {"bf16", DataType::kBfloat16}, {"f32", DataType::kFloat32}};

// Of a product with weights in 4 bits it is the weights' type. The plugin rounds the other factor
// to 8 bits, too, by its default (DYNAMIC_QUANTIZATION_GROUP_SIZE), if the processor has
// instructions for such products.
bool is_in_8_bits(const std::string& precision, bool rounds_beside_4_bits) {
  if (precision == "i8" || precision == "u8") return true;
  return rounds_beside_4_bits && (precision == "i4" || precision == "u4");
}

std::string read(const ov::Node& node, const char* key) {
  const auto& info = node.get_rt_info();
  const auto found = info.find(key);
  return found == info.end() ? "" : found->second.as<std::string>();
}

}  // namespace

RuntimeGraph read_runtime_graph(const ov::CompiledModel& compiled) {
  RuntimeGraph graph;
  std::map<std::string, int> nodes_of;
  int products = 0, in_8_bits = 0;
  const bool rounds_beside_4_bits = has_int8_products(read_environment());
  for (const auto& node : compiled.get_runtime_model()->get_ops()) {
    const std::string layer = read(*node, kLayerType);
    if (kHolds.count(layer) != 0) continue;
    ++graph.nodes;
    if (kProducts.count(layer) != 0) {
      ++products;
      if (is_in_8_bits(read(*node, kRuntimePrecision), rounds_beside_4_bits)) ++in_8_bits;
    }
    if (kMoves.count(layer) == 0) ++nodes_of[read(*node, kRuntimePrecision)];
  }
  graph.product_precision = in_8_bits == 0 ? "" : in_8_bits == products ? "int8" : "mixed";
  for (const auto& [type, count] : nodes_of) {
    if (!graph.node_precisions.empty()) graph.node_precisions += ", ";
    graph.node_precisions += type + " " + std::to_string(count);
    const auto floats = kFloats.find(type);
    if (floats != kFloats.end()) graph.float_types.insert(floats->second);
  }
  return graph;
}

}  // namespace dnnbench
