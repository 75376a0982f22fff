#include "inputs/given_inputs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <cmath>

#include "core/error.h"
#include "inputs/npy.h"
#include "onnx/test_data.h"

namespace dnnbench {
namespace {

const ModelValue& input_of(const Model& model, const std::string& name) {
  const ModelValue* input = find_input(model, name);
  if (input == nullptr) {
    throw UsageError(
        fmt::format("the model has no input '{}'; its inputs are {}", name, input_names(model)));
  }
  if (input->kind != ModelValue::Kind::kTensor) {
    throw UsageError(
        fmt::format("input '{}' is a {}; give it with --test-data", name, to_string(input->kind)));
  }
  return *input;
}

Value read_npy_input(const ModelValue& input, const std::string& path) {
  Tensor tensor = read_npy(path);
  if (tensor.type != input.type) {
    throw Error(fmt::format("{} contains {}, but input '{}' is {}; convert it", path,
                            describe(tensor.type, tensor.shape), input.name, describe(input)));
  }
  return make_value(input.name, std::move(tensor));
}

// A made-up input has other outputs than those of the folder.
void require_all_of(const std::string& folder, const Model& model, const GivenInputs& given) {
  for (size_t i = 0; i < model.inputs.size(); ++i) {
    const std::string& name = model.inputs[i].name;
    if (given.values.count(name) > 0 || given.fills.count(name) > 0) continue;
    throw Error(fmt::format("{} has no input_{}.pb for input '{}'; add it, or give it with --input",
                            folder, i, name));
  }
  const size_t outputs = given.expected_outputs.size();
  if (outputs == 0 || outputs == model.outputs.size()) return;
  throw Error(fmt::format("{} has no output_{}.pb for output '{}'; add it, or remove the others",
                          folder, outputs, model.outputs[outputs].name));
}

}  // namespace

bool is_number(const std::string& text) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [next, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && next == end && std::isfinite(number);
}

GivenInputs read_given_inputs(const Model& model, const std::map<std::string, std::string>& inputs,
                              const std::optional<std::string>& test_data) {
  GivenInputs given;
  if (test_data) {
    TestData data = read_test_data(*test_data, model);
    for (Value& value : data.inputs) given.values[value.name] = std::move(value);
    given.expected_outputs = std::move(data.outputs);
  }
  for (const auto& [name, value] : inputs) {
    const ModelValue& input = input_of(model, name);
    given.values.erase(name);
    given.expected_outputs.clear();
    if (is_number(value)) {
      given.fills[name] = value;
    } else {
      given.values[name] = read_npy_input(input, value);
    }
  }
  if (test_data) require_all_of(*test_data, model, given);
  return given;
}

InputShapes given_shapes(const Model& model, const GivenInputs& given,
                         const InputShapes& user_shapes) {
  InputShapes shapes = user_shapes;
  for (const auto& [name, value] : given.values) {
    if (find_input(model, name)->kind != ModelValue::Kind::kTensor) continue;
    const auto [entry, is_new] = shapes.try_emplace(name, value.tensor().shape);
    if (is_new || entry->second == value.tensor().shape) continue;
    throw UsageError(fmt::format("--shape makes '{}' [{}], but the given values are [{}]", name,
                                 fmt::join(entry->second, ","),
                                 fmt::join(value.tensor().shape, ",")));
  }
  return shapes;
}

}  // namespace dnnbench
