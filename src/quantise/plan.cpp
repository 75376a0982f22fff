#include "quantise/plan.h"

#include <algorithm>

namespace dnnbench::quantise {
namespace {

// Operators that pass 8-bit values on where all their inputs are such.
const std::set<std::string> kPassing{
    "Add",     "AveragePool", "Concat", "Flatten", "GlobalAveragePool", "MaxPool",   "Pad",
    "Reshape", "Resize",      "Slice",  "Split",   "Squeeze",           "Transpose", "Unsqueeze"};
// Of them, those that need one scale on both sides, for an engine to drop both.
const std::set<std::string> kMoving{"Flatten", "MaxPool", "Reshape",   "Slice",
                                    "Split",   "Squeeze", "Transpose", "Unsqueeze"};

class Planner {
 public:
  Planner(const EditableModel& model, const std::set<std::string>& kept_in_f32) : model_(model) {
    for (const EditableNode& node : model.nodes) {
      for (const std::string& input : node.node.inputs) readers_[input].push_back(&node.node);
    }
    for (size_t i = 0; i < model.nodes.size(); ++i) {
      const EditableNode& node = model.nodes[i];
      if (!is_product(model, node) || kept_in_f32.count(node.node.outputs[0]) > 0) continue;
      plan_.products.insert(i);
      add(node.node.inputs[0]);
      if (node.node.op == "Conv") add(after_activation(node.node.outputs[0]));
    }
    pass_on();
  }

  Plan plan() { return std::move(plan_); }

 private:
  bool add(const std::string& value) {
    if (model_.is_constant(value) || !model_.is_f32(value)) return false;
    return plan_.values.insert(value).second;
  }

  bool is_kept(const std::string& value) const { return plan_.values.count(value) > 0; }

  // A Relu, or a Clip from 0, that alone reads the value: its result has the same scale, and the
  // engine does it for nothing.
  std::string after_activation(const std::string& value) const {
    const auto readers = readers_.find(value);
    if (readers == readers_.end() || readers->second.size() != 1 || model_.is_output(value)) {
      return value;
    }
    const import::Node& reader = *readers->second[0];
    const bool absorbed = reader.domain.empty() && (reader.op == "Relu" || clips_from_0(reader));
    return absorbed ? reader.outputs[0] : value;
  }

  bool clips_from_0(const import::Node& node) const {
    if (node.op != "Clip" || !node.has_input(1)) return false;
    const auto low = model_.constants.find(node.inputs[1]);
    return low != model_.constants.end() && low->second.doubles() == std::vector<double>{0};
  }

  // The inputs that must be kept in 8 bits for the node's outputs to be.
  std::vector<std::string> data_inputs(const import::Node& node) const {
    if (node.op == "Concat") return node.inputs;
    if (node.op == "Add") return {node.inputs[0], node.inputs[1]};
    return {node.inputs[0]};
  }

  void pass_on() {
    for (bool grew = true; grew;) {
      grew = false;
      for (const EditableNode& editable : model_.nodes) {
        const import::Node& node = editable.node;
        if (!node.domain.empty() || kPassing.count(node.op) == 0) continue;
        const std::vector<std::string> inputs = data_inputs(node);
        const auto kept = [&](const std::string& input) { return is_kept(input); };
        if (!std::all_of(inputs.begin(), inputs.end(), kept)) continue;
        for (const std::string& output : node.outputs) {
          const std::string value = node.op == "Add" ? after_activation(output) : output;
          if (add(value)) grew = true;
          if (kMoving.count(node.op) > 0 && is_kept(value)) plan_.same_range[value] = inputs[0];
        }
      }
    }
  }

  const EditableModel& model_;
  std::map<std::string, std::vector<const import::Node*>> readers_;
  Plan plan_;
};

}  // namespace

bool is_product(const EditableModel& model, const EditableNode& editable) {
  const import::Node& node = editable.node;
  if (!node.domain.empty() || (node.op != "Conv" && node.op != "Gemm" && node.op != "MatMul")) {
    return false;
  }
  const auto weights = model.constants.find(node.inputs[1]);
  if (weights == model.constants.end() || weights->second.type != DataType::kFloat32) return false;
  if (model.is_constant(node.inputs[0]) || !model.is_f32(node.inputs[0])) return false;
  if (node.op == "Conv") return weights->second.shape.size() >= 3;
  if (weights->second.shape.size() != 2) return false;
  return node.op == "MatMul" || (node.number("alpha", 1) == 1 && node.number("beta", 1) == 1 &&
                                 node.integer("transA", 0) == 0);
}

Plan make_plan(const EditableModel& model, const std::set<std::string>& kept_in_f32) {
  return Planner(model, kept_in_f32).plan();
}

}  // namespace dnnbench::quantise
