#include "onnx/random_operators.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

#include "import/graph_walk.h"

namespace dnnbench {
namespace {

constexpr int64_t kFirstOpsetWithTrainingInput = 12;
constexpr int kTrainingModeInput = 2;

const std::set<std::string>& always_random() {
  static const std::set<std::string> kTypes{"RandomNormal",  "RandomNormalLike",
                                            "RandomUniform", "RandomUniformLike",
                                            "Multinomial",   "Bernoulli"};
  return kTypes;
}

bool is_false(const import::Constant& constant) {
  const auto is_zero = [](std::byte element) { return element == std::byte{0}; };
  return constant.type == DataType::kBool &&
         std::all_of(constant.bytes.begin(), constant.bytes.end(), is_zero);
}

// Names of constants that are false, whole.
std::set<std::string> false_constants(const import::ModelFile& model) {
  std::set<std::string> names;
  import::for_each_graph(model.graph, [&](const import::Graph& graph) {
    for (const auto& [name, constant] : graph.constants) {
      if (is_false(constant)) names.insert(name);
    }
  });
  import::for_each_node(model, [&](const import::Node& node) {
    const import::Constant* constant = import::constant_of(node);
    if (constant != nullptr && is_false(*constant)) names.insert(node.outputs[0]);
  });
  return names;
}

}  // namespace

std::vector<std::string> find_random_operators(const import::ModelFile& model) {
  const std::set<std::string> constant_false = false_constants(model);
  const auto trains = [&](const import::Node& node) {
    return node.opset >= kFirstOpsetWithTrainingInput && node.has_input(kTrainingModeInput) &&
           constant_false.count(node.inputs[kTrainingModeInput]) == 0;
  };
  std::vector<std::string> found;
  import::for_each_node(model, [&](const import::Node& node) {
    if (!node.domain.empty()) return;
    if (always_random().count(node.op) == 0 && !(node.op == "Dropout" && trains(node))) return;
    found.push_back(fmt::format("{} (node {})", node.op, import::label(node)));
  });
  return found;
}

}  // namespace dnnbench
