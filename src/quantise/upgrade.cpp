#include "quantise/upgrade.h"

#include <functional>
#include <limits>

#include "core/error.h"

namespace dnnbench::quantise {
namespace {

using import::UnsupportedNode;

constexpr int64_t kOldestOpset = 7;

// One model on its way to the new opset: nodes are rewritten one after the other.
class Upgrade {
 public:
  explicit Upgrade(EditableModel& model) : model_(model) {}

  void rewrite_all() {
    std::vector<EditableNode> nodes = std::move(model_.nodes);
    model_.nodes.clear();
    for (EditableNode& node : nodes) rewrite(std::move(node));
    model_.opset = kOpsetOfQuantisation;
  }

 private:
  void rewrite(EditableNode node) {
    for (const auto& [name, attribute] : node.node.attributes) {
      if (attribute.graph || !attribute.graphs.empty()) {
        throw UnsupportedNode(node.node, "a model of an opset below 13 with subgraphs");
      }
    }
    static const std::map<std::string, void (Upgrade::*)(EditableNode&)> kRules{
        {"Squeeze", &Upgrade::axes_to_input},
        {"Unsqueeze", &Upgrade::axes_to_input},
        {"ReduceSum", &Upgrade::axes_to_input},
        {"Split", &Upgrade::split_to_input},
        {"Slice", &Upgrade::slice},
        {"Pad", &Upgrade::pad},
        {"Clip", &Upgrade::clip},
        {"TopK", &Upgrade::top_k},
        {"Upsample", &Upgrade::upsample},
        {"Resize", &Upgrade::resize},
        {"Dropout", &Upgrade::dropout},
        {"Scatter", &Upgrade::scatter},
        {"Softmax", &Upgrade::softmax},
        {"LogSoftmax", &Upgrade::softmax},
        {"Hardmax", &Upgrade::softmax},
        {"BatchNormalization", &Upgrade::spatial},
    };
    const auto rule = kRules.find(node.node.op);
    if (node.node.domain.empty() && rule != kRules.end()) (this->*rule->second)(node);
    node.node.opset = kOpsetOfQuantisation;
    model_.nodes.push_back(std::move(node));
    for (EditableNode& follower : followers_) model_.nodes.push_back(std::move(follower));
    followers_.clear();
  }

  std::string constant(const EditableNode& node, const std::string& what, Tensor tensor) {
    return add_constant(model_, node.node.outputs[0] + "/" + what, std::move(tensor));
  }

  // An attribute of whole numbers becomes the next input.
  void to_input(EditableNode& node, const std::string& name) {
    const std::vector<int64_t> values = node.node.integers(name);
    node.node.inputs.push_back(constant(node, name, int64_tensor(values)));
    drop_attribute(node, name);
  }

  void axes_to_input(EditableNode& node) {
    if (node.node.attribute("axes") != nullptr) to_input(node, "axes");
  }

  void split_to_input(EditableNode& node) {
    if (node.node.attribute("split") != nullptr) to_input(node, "split");
  }

  void slice(EditableNode& node) {
    if (node.node.attribute("starts") == nullptr) return;
    to_input(node, "starts");
    to_input(node, "ends");
    if (node.node.attribute("axes") != nullptr) to_input(node, "axes");
  }

  void pad(EditableNode& node) {
    if (node.node.attribute("pads") == nullptr) return;
    const double value = node.node.number("value", 0);
    to_input(node, "pads");
    node.node.inputs.push_back(constant(node, "value", f32_tensor({}, {value})));
    drop_attribute(node, "value");
  }

  void clip(EditableNode& node) {
    if (node.node.opset >= 11) return;
    constexpr double kLargest = std::numeric_limits<float>::max();
    const double low = node.node.number("min", -kLargest);
    const double high = node.node.number("max", kLargest);
    node.node.inputs.push_back(constant(node, "min", f32_tensor({}, {low})));
    node.node.inputs.push_back(constant(node, "max", f32_tensor({}, {high})));
    drop_attribute(node, "min");
    drop_attribute(node, "max");
  }

  void top_k(EditableNode& node) {
    if (node.node.attribute("k") == nullptr) return;
    node.node.inputs.push_back(constant(node, "k", int64_tensor({node.node.integer("k", 1)})));
    drop_attribute(node, "k");
  }

  void upsample(EditableNode& node) {
    const import::Attribute* scales = node.node.attribute("scales");
    const size_t rank = scales != nullptr ? scales->floats.size() : 0;
    if (scales != nullptr) {
      node.node.inputs.push_back(
          constant(node, "scales", f32_tensor({static_cast<int64_t>(rank)}, scales->floats)));
      drop_attribute(node, "scales");
    }
    node.node.op = "Resize";
    resize(node);
  }

  void resize(EditableNode& node) {
    if (node.node.opset >= 11 || node.node.inputs.size() != 2) return;
    node.node.inputs.insert(node.node.inputs.begin() + 1, "");
    set_text(node, "coordinate_transformation_mode", "asymmetric");
    set_text(node, "nearest_mode", "floor");
  }

  void dropout(EditableNode& node) {
    if (node.node.has_output(1)) {
      throw UnsupportedNode(node.node, "its mask is used, which opset 13 makes otherwise");
    }
    node.node.outputs.resize(1);
    drop_attribute(node, "ratio");
    node.node.inputs.resize(1);
    node.node.op = "Identity";
  }

  void scatter(EditableNode& node) { node.node.op = "ScatterElements"; }

  void spatial(EditableNode& node) {
    if (node.node.integer("spatial", 1) != 1) {
      throw UnsupportedNode(node.node, "statistics per element are not in opset 13");
    }
    drop_attribute(node, "spatial");
  }

  // Until opset 12 all axes from `axis` on were taken together.
  void softmax(EditableNode& node) {
    const import::ValueType* type = model_.file.graph.type_of(node.node.inputs[0]);
    if (type == nullptr || !type->is_static()) {
      throw UnsupportedNode(node.node, "the shape of its input is not known");
    }
    const auto rank = static_cast<int64_t>(type->shape->size());
    int64_t axis = node.node.integer("axis", 1);
    if (axis < 0) axis += rank;
    set_integer(node, "axis", -1);
    if (axis == rank - 1) return;
    const std::string output = node.node.outputs[0];
    EditableNode flatten = make_node("Flatten", {node.node.inputs[0]}, {output + "/flat"});
    set_integer(flatten, "axis", axis);
    model_.nodes.push_back(flatten);
    node.node.inputs[0] = output + "/flat";
    node.node.outputs[0] = output + "/rows";
    followers_.push_back(make_node(
        "Reshape",
        {output + "/rows", add_constant(model_, output + "/shape", int64_tensor(*type->shape))},
        {output}));
  }

  EditableModel& model_;
  std::vector<EditableNode> followers_;  // of the node being rewritten
};

}  // namespace

void upgrade(EditableModel& model) {
  if (model.opset >= kOpsetOfQuantisation) return;
  if (model.opset < kOldestOpset) {
    throw Unsupported("the model's opset " + std::to_string(model.opset) +
                      " can't be upgraded; convert it to 7 or newer");
  }
  Upgrade(model).rewrite_all();
}

}  // namespace dnnbench::quantise
