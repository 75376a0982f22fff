#include "onnx/random_operators.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "onnx/graph_walk.h"
#include "onnx/tensor_proto.h"

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

// Names of constants that are false, whole.
std::set<std::string> false_constants(const onnx::ModelProto& model) {
  std::set<std::string> names;
  for_each_tensor(model, [&](const std::string& name, const onnx::TensorProto& proto) {
    if (proto.data_type() != onnx::TensorProto::BOOL || is_external(proto)) return;
    const std::vector<double> values = to_doubles(to_tensor(name, proto, ""));
    if (std::count(values.begin(), values.end(), 0.0) == static_cast<long>(values.size())) {
      names.insert(name);
    }
  });
  return names;
}

}  // namespace

std::vector<std::string> find_random_operators(const onnx::ModelProto& model,
                                               const std::map<std::string, int64_t>& opsets) {
  const auto opset = opsets.find("");
  const bool has_training_input =
      opset != opsets.end() && opset->second >= kFirstOpsetWithTrainingInput;
  const std::set<std::string> constant_false = false_constants(model);
  const auto trains = [&](const onnx::NodeProto& node) {
    if (!has_training_input || node.input_size() <= kTrainingModeInput) return false;
    const std::string& mode = node.input(kTrainingModeInput);
    return !mode.empty() && constant_false.count(mode) == 0;
  };
  std::vector<std::string> found;
  for_each_node(model, [&](const onnx::NodeProto& node) {
    if (!normal_domain(node.domain()).empty()) return;
    if (always_random().count(node.op_type()) == 0 &&
        !(node.op_type() == "Dropout" && trains(node))) {
      return;
    }
    found.push_back(fmt::format("{} (node {})", node.op_type(), node_label(node)));
  });
  return found;
}

}  // namespace dnnbench
