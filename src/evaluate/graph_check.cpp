#include "evaluate/graph_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "core/printable.h"
#include "evaluate/check_output.h"
#include "import/graph_walk.h"

namespace dnnbench::evaluate {
namespace {

int coarseness(DataType type) {
  if (type == DataType::kBfloat16) return 3;
  if (type == DataType::kFloat16) return 2;
  return type == DataType::kFloat64 || !is_floating_point(type) ? 0 : 1;
}

// Integers and doubles that are given alone say nothing of the arithmetic that makes an f32.
DataType coarsest_type(const std::vector<std::optional<Operand>>& inputs, DataType output) {
  DataType coarsest = output;
  for (const auto& input : inputs) {
    if (input && coarseness(input->type()) > coarseness(coarsest)) coarsest = input->type();
  }
  return coarsest;
}

}  // namespace

GraphCheck::GraphCheck(const import::Graph& graph, const std::vector<Value>& inputs)
    : graph_(graph), constants_(import::constants_of(graph)) {
  for (const Value& input : inputs) {
    if (input.kind == Value::Kind::kTensor) inputs_[input.name] = &input.tensor();
  }
  for (const import::Node& node : graph.nodes) {
    computed_.insert(node.outputs.begin(), node.outputs.end());
  }
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const import::Node& node = graph.nodes[i];
    const bool has_inputs =
        std::all_of(node.inputs.begin(), node.inputs.end(),
                    [&](const std::string& name) { return name.empty() || is_known(name); });
    if (has_formula(node) && has_inputs) nodes_.push_back(i);
  }
}

bool GraphCheck::is_known(const std::string& name) const {
  return constants_.count(name) != 0 || inputs_.count(name) != 0 || computed_.count(name) != 0;
}

std::vector<std::string> GraphCheck::needed(size_t index) const {
  const import::Node& node = graph_.nodes[index];
  std::set<std::string> names(node.outputs.begin(), node.outputs.end());
  for (const std::string& name : node.inputs) {
    if (constants_.count(name) == 0 && inputs_.count(name) == 0) names.insert(name);
  }
  names.erase("");
  return {names.begin(), names.end()};
}

std::optional<Operand> GraphCheck::operand(
    const std::string& name, const std::map<std::string, const Tensor*>& values) const {
  if (name.empty()) return std::nullopt;
  if (const auto constant = constants_.find(name); constant != constants_.end()) {
    return Operand(constant->second->type, constant->second->shape, constant->second->bytes);
  }
  const auto input = inputs_.find(name);
  const auto value = values.find(name);
  if (input == inputs_.end() && value == values.end()) throw Unsupported("a value is not known");
  const Tensor& tensor = input != inputs_.end() ? *input->second : *value->second;
  return Operand(tensor.type, tensor.shape, tensor.bytes);
}

int64_t GraphCheck::check(size_t index, const std::map<std::string, const Tensor*>& values,
                          int64_t max_elements, int64_t max_terms, uint64_t seed) {
  const size_t outputs = graph_.nodes[index].outputs.size();
  int64_t used = 0;
  for (size_t i = 0; i < outputs && !found_wrong(); ++i) {
    try {
      used += check_output_of(index, i, values, max_elements, max_terms - used, seed);
      checked_.insert(index);
    } catch (const Unsupported&) {
      // A form of the operator that has no formula, or a value that is not a tensor.
    } catch (const Error&) {
      // Sizes that can't be.
    }
  }
  return used;
}

int64_t GraphCheck::check_output_of(size_t index, size_t output,
                                    const std::map<std::string, const Tensor*>& values,
                                    int64_t max_elements, int64_t max_terms, uint64_t seed) {
  const import::Node& node = graph_.nodes[index];
  std::vector<std::optional<Operand>> inputs;
  for (const std::string& name : node.inputs) inputs.push_back(operand(name, values));
  const auto got = operand(node.outputs[output], values);
  if (!got) throw Unsupported("the output is left out");
  const Formula formula = formula_of({node, inputs, output, got->type(), got->shape()});
  const int64_t terms = std::max<int64_t>(formula.terms, 1);
  const OutputCheck checked =
      check_output(formula, *got, coarsest_type(inputs, got->type()),
                   std::clamp<int64_t>(max_terms / terms, 1, max_elements), seed + index);
  if (!checked.wrong.empty()) {
    wrong_ = printable(fmt::format("at {}, {}", import::describe(node), checked.wrong));
  }
  elements_ += got->count();
  elements_checked_ += checked.elements;
  return checked.elements * terms;
}

SecondOpinion GraphCheck::opinion() const {
  SecondOpinion opinion;
  opinion.nodes = static_cast<int64_t>(graph_.nodes.size());
  opinion.nodes_checked = static_cast<int64_t>(checked_.size());
  opinion.elements = elements_;
  opinion.elements_checked = elements_checked_;
  std::set<std::string> checked, unchecked;
  for (size_t i = 0; i < graph_.nodes.size(); ++i) {
    const import::Node& node = graph_.nodes[i];
    if (import::constant_of(node) != nullptr) {
      --opinion.nodes;
    } else {
      (checked_.count(i) != 0 ? checked : unchecked).insert(printable(import::qualified_op(node)));
    }
  }
  std::set_difference(unchecked.begin(), unchecked.end(), checked.begin(), checked.end(),
                      std::back_inserter(opinion.unchecked_operators));
  if (found_wrong()) {
    opinion.reference = ReferenceState::kWrong;
    opinion.reason = wrong_;
  } else if (checked_.empty()) {
    opinion.reason = "none of its nodes could be checked";
  } else {
    opinion.reference = ReferenceState::kRight;
  }
  return opinion;
}

}  // namespace dnnbench::evaluate
