#include "quantised_graph.h"

#include <algorithm>

#include "import/graph_walk.h"

namespace dnnbench::pytorch {

using import::Constant;
using import::Node;

bool is(const Node* node, const std::string& op) {
  return node != nullptr && node->op == op &&
         (node->domain.empty() || node->domain == "com.microsoft");
}

QuantisedGraph::QuantisedGraph(const import::Graph& graph) : graph_(graph) {
  for (const import::Parameter& output : graph.outputs) read_elsewhere_.insert(output.name);
  const auto read_in = [&](const import::Graph& inner) {
    for (const import::Parameter& output : inner.outputs) read_elsewhere_.insert(output.name);
    for (const Node& one : inner.nodes) {
      read_elsewhere_.insert(one.inputs.begin(), one.inputs.end());
    }
  };
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    for (const std::string& input : node(i).inputs) readers_[input].push_back(i);
    for (const std::string& output : node(i).outputs) makers_[output] = i;
    for (const auto& [name, attribute] : node(i).attributes) {
      if (attribute.graph != nullptr) import::for_each_graph(*attribute.graph, read_in);
    }
  }
}

const Node* QuantisedGraph::maker(const std::string& value) const {
  const auto found = makers_.find(value);
  return found == makers_.end() ? nullptr : &node(found->second);
}

std::optional<size_t> QuantisedGraph::only_reader(const std::string& value) const {
  const auto found = readers_.find(value);
  const bool one = found != readers_.end() && found->second.size() == 1;
  if (!one || read_elsewhere_.count(value) > 0) return std::nullopt;
  return found->second[0];
}

std::optional<double> QuantisedGraph::number(const Node& node, size_t index) const {
  if (!node.has_input(index)) return std::nullopt;
  const Constant* constant = graph_.constant(node.inputs[index]);
  if (constant == nullptr || constant->element_count() != 1) return std::nullopt;
  return constant->doubles()[0];
}

std::optional<Affine> QuantisedGraph::affine(const Node& node, const std::string& value) const {
  const auto scale = number(node, 1), zero = number(node, 2);
  if (!scale || !zero) return std::nullopt;
  const bool is_f32 = graph_.constant(node.inputs[1])->type == DataType::kFloat32;
  const bool is_uint8 = graph_.constant(node.inputs[2])->type == DataType::kUint8;
  if (!is_f32 || !is_uint8) return std::nullopt;
  return Affine{value, *scale, static_cast<int64_t>(*zero)};
}

std::optional<Affine> QuantisedGraph::dequantised(const std::string& value) const {
  const Node* made = maker(value);
  if (!is(made, "DequantizeLinear")) return std::nullopt;
  return affine(*made, made->inputs[0]);
}

bool QuantisedGraph::is_symmetric(const Node& node, size_t index) const {
  if (!node.has_input(index)) return true;
  const Constant* zero = graph_.constant(node.inputs[index]);
  if (zero == nullptr) return false;
  const std::vector<int64_t> values = zero->integers();
  return std::all_of(values.begin(), values.end(), [](int64_t value) { return value == 0; });
}

std::optional<Weights> QuantisedGraph::weights(const std::string& value, int64_t axis) const {
  const Node* made = maker(value);
  if (!is(made, "DequantizeLinear") || !made->has_input(1)) return std::nullopt;
  const Constant* values = graph_.constant(made->inputs[0]);
  const Constant* scales = graph_.constant(made->inputs[1]);
  if (values == nullptr || values->type != DataType::kInt8 || scales == nullptr ||
      scales->type != DataType::kFloat32 || scales->shape.size() > 1 || !is_symmetric(*made, 2)) {
    return std::nullopt;
  }
  const auto rank = static_cast<int64_t>(values->shape.size());
  const int64_t given = made->integer("axis", 1);
  const bool fits = scales->element_count() == 1 || (given < 0 ? given + rank : given) == axis;
  return fits ? std::optional(Weights{made->inputs[0], made->inputs[1]}) : std::nullopt;
}

Ending QuantisedGraph::ending_of(const std::string& output, bool may_clip) const {
  Ending ending;
  ending.value = output;
  std::optional<size_t> next = only_reader(output);
  if (!next) return ending;
  const auto low = number(node(*next), 1), high = number(node(*next), 2);
  const bool relu = is(&node(*next), "Relu");
  if (relu || (may_clip && is(&node(*next), "Clip") && low && high)) {
    ending.activation = relu ? "relu" : "hardtanh";
    if (!relu) ending.low = *low, ending.high = *high;
    ending.value = node(*next).outputs[0];
    ending.nodes.push_back(*next);
    next = only_reader(ending.value);
  }
  if (!next || !is(&node(*next), "QuantizeLinear")) return ending;
  ending.quantised = affine(node(*next), node(*next).outputs[0]);
  if (!ending.quantised) return ending;
  ending.value = ending.quantised->value;
  ending.nodes.push_back(*next);
  return ending;
}

bool QuantisedGraph::is_bias(const std::string& value, int64_t channels) const {
  const import::ValueType* type = graph_.type_of(value);
  return type != nullptr && type->shape == std::vector<int64_t>{channels};
}

bool QuantisedGraph::same_shape(const std::string& a, const std::string& b) const {
  const import::ValueType* left = graph_.type_of(a);
  const import::ValueType* right = graph_.type_of(b);
  return left != nullptr && right != nullptr && left->is_static() && left->shape == right->shape;
}

}  // namespace dnnbench::pytorch
