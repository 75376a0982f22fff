#include "import/read_graph.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "import/graph_walk.h"
#include "import/read_model.h"
#include "import/simplify.h"

namespace dnnbench::import {
namespace {

// In the original's order, without the weights and what is bound.
void order_inputs(const Graph& original, const ImportedModel& model, Graph& graph) {
  std::vector<Parameter> inputs;
  for (const Parameter& input : original.open_inputs()) {
    if (model.bound_inputs.count(input.name) != 0) continue;
    const ValueType* type = graph.type_of(input.name);
    if (type != nullptr) inputs.push_back({input.name, *type});
  }
  graph.inputs = std::move(inputs);
}

void order_outputs(const Graph& original, Graph& graph) {
  std::vector<Parameter> outputs;
  for (const Parameter& output : original.outputs) {
    const ValueType* type = graph.type_of(output.name);
    outputs.push_back({output.name, type != nullptr ? *type : ValueType{}});
  }
  graph.outputs = std::move(outputs);
}

// The weights are the inputs that the original doesn't take.
void put_weights_back(const Graph& original, Graph& graph) {
  const auto weights = constants_of(original);
  for (const Parameter& input : graph.inputs) {
    const auto weight = weights.find(input.name);
    if (weight == weights.end()) continue;
    const Constant& constant = *weight->second;
    graph.types[input.name] = {ValueType::Kind::kTensor, constant.type, constant.shape, {}};
    graph.constants[input.name] = constant;
  }
}

void require_fit(const Value& value, const ValueType& type) {
  if (value.kind != Value::Kind::kTensor || type.kind != ValueType::Kind::kTensor) return;
  const Tensor& tensor = value.tensor();
  if (tensor.type == type.element && (!type.shape || fits(tensor.shape, *type.shape))) return;
  throw Error(fmt::format("the model's input \"{}\" takes {}, not {}", value.name,
                          dnnbench::describe(type.element, type.shape.value_or(tensor.shape)),
                          dnnbench::describe(tensor.type, tensor.shape)));
}

void require_as_bound(const Value& value, const Tensor& bound) {
  if (value.kind == Value::Kind::kTensor && value.tensor().type == bound.type &&
      value.tensor().shape == bound.shape && value.tensor().bytes == bound.bytes) {
    return;
  }
  throw Error(fmt::format(
      "the input \"{}\" was bound to another value when the model was converted", value.name));
}

}  // namespace

ImportedModel read_graph(const LoadConfig& config) {
  if (config.simplified_path.empty()) {
    throw Error("this engine imports a model's simplified form, and was not given one");
  }
  ImportedModel model;
  model.graph = read_model_file(config.simplified_path, config.model_path).graph;
  const Graph original = read_model_file(config.model_path).graph;
  for (const Value& value : read_bound_inputs(config)) {
    model.bound_inputs[value.name] = value.tensor();
  }
  put_weights_back(original, model.graph);
  order_inputs(original, model, model.graph);
  order_outputs(original, model.graph);
  return model;
}

bool fits(const std::vector<int64_t>& shape, const std::vector<int64_t>& wanted) {
  return std::equal(shape.begin(), shape.end(), wanted.begin(), wanted.end(),
                    [](int64_t size, int64_t want) { return want < 0 || size == want; });
}

std::vector<Value> graph_inputs(const ImportedModel& model, const std::vector<Value>& given) {
  std::map<std::string, const Value*> by_name;
  for (const Value& value : given) by_name[value.name] = &value;
  for (const auto& [name, bound] : model.bound_inputs) {
    const auto found = by_name.find(name);
    if (found == by_name.end()) continue;
    require_as_bound(*found->second, bound);
    by_name.erase(found);
  }
  std::vector<Value> inputs;
  for (const Parameter& input : model.graph.inputs) {
    const auto found = by_name.find(input.name);
    if (found == by_name.end()) {
      throw Error(fmt::format("the model's input \"{}\" was not given", input.name));
    }
    require_fit(*found->second, input.type);
    inputs.push_back(*found->second);
    by_name.erase(found);
  }
  if (!by_name.empty()) {
    throw Error(fmt::format("the model has no input \"{}\"", by_name.begin()->first));
  }
  return inputs;
}

}  // namespace dnnbench::import
