#include "quantise/dynamic_int8.h"

#include "quantise/plan.h"
#include "quantise/quantised_weights.h"

namespace dnnbench::quantise {
namespace {

// Rows and columns exchanged.
import::Constant transposed(const import::Constant& weights) {
  const auto rows = static_cast<size_t>(weights.shape[0]);
  const auto columns = static_cast<size_t>(weights.shape[1]);
  const std::vector<double> from = weights.doubles();
  std::vector<double> to(from.size());
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < columns; ++c) to[c * rows + r] = from[r * columns + c];
  }
  return import::make_constant(f32_tensor({weights.shape[1], weights.shape[0]}, to));
}

class DynamicWriter {
 public:
  DynamicWriter(EditableModel& model, int largest_weight)
      : model_(model), largest_weight_(largest_weight) {}

  size_t write() {
    std::vector<EditableNode> nodes = std::move(model_.nodes);
    model_.nodes.clear();
    size_t products = 0;
    for (EditableNode& node : nodes) {
      if (node.node.op == "Conv" || !is_product(model_, node)) {
        model_.nodes.push_back(std::move(node));
        continue;
      }
      write_product(node.node);
      ++products;
    }
    return products;
  }

 private:
  struct QuantisedInput {
    std::string values, scale, zero_point;
  };

  // Once for all products that read the value.
  const QuantisedInput& quantised(const std::string& value) {
    const auto [found, is_new] = inputs_.try_emplace(value);
    if (!is_new) return found->second;
    found->second = {value + "/quantised", value + "/scale", value + "/zero_point"};
    model_.nodes.push_back(
        make_node("DynamicQuantizeLinear", {value},
                  {found->second.values, found->second.scale, found->second.zero_point}));
    return found->second;
  }

  void write_product(const import::Node& node) {
    const std::string& output = node.outputs[0];
    const QuantisedInput input = quantised(node.inputs[0]);
    const import::Constant& weights = model_.constants.at(node.inputs[1]);
    QuantisedWeights integers = quantise_weights(
        node.integer("transB", 0) != 0 ? transposed(weights) : weights, 1, largest_weight_);
    const auto channels = static_cast<int64_t>(integers.scale.size());
    const std::string name = output + "/weights";
    const std::string scale =
        add_constant(model_, name + "/scale", f32_tensor({channels}, integers.scale));
    const std::string zero_point =
        add_constant(model_, name + "/zero_point", make_tensor(DataType::kInt8, {channels}));
    const std::string values = add_constant(model_, name, std::move(integers.values));
    const bool has_bias = node.has_input(2);
    const std::string product = has_bias ? output + "/product" : output;
    model_.nodes.push_back(make_node("MatMulInteger",
                                     {input.values, values, input.zero_point, zero_point},
                                     {output + "/integers"}));
    EditableNode cast = make_node("Cast", {output + "/integers"}, {output + "/sum"});
    set_integer(cast, "to", static_cast<int64_t>(DataType::kFloat32));
    model_.nodes.push_back(std::move(cast));
    model_.nodes.push_back(make_node("Mul", {input.scale, scale}, {output + "/product_scale"}));
    model_.nodes.push_back(
        make_node("Mul", {output + "/sum", output + "/product_scale"}, {product}));
    if (has_bias) model_.nodes.push_back(make_node("Add", {product, node.inputs[2]}, {output}));
  }

  EditableModel& model_;
  int largest_weight_;
  std::map<std::string, QuantisedInput> inputs_;
};

}  // namespace

size_t write_dynamic_int8(EditableModel& model, int largest_weight) {
  return DynamicWriter(model, largest_weight).write();
}

}  // namespace dnnbench::quantise
