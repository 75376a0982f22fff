#include "composite.h"

#include <algorithm>

#include "core/error.h"

namespace dnnbench::semantics {
namespace {

import::Attribute attribute_of(const Attributes::mapped_type& value) {
  import::Attribute attribute;
  if (const auto* i = std::get_if<int64_t>(&value)) attribute.i = *i;
  if (const auto* f = std::get_if<double>(&value)) attribute.f = *f;
  if (const auto* s = std::get_if<std::string>(&value)) attribute.s = *s;
  if (const auto* ints = std::get_if<std::vector<int64_t>>(&value)) attribute.ints = *ints;
  return attribute;
}

}  // namespace

const import::ValueType* Scope::type_of(const std::string& value) const {
  if (const import::ValueType* type = graph->type_of(value)) return type;
  return outer == nullptr ? nullptr : outer->type_of(value);
}

DataType Composite::type(size_t index) const {
  const import::ValueType* known = has(index) ? scope_.type_of(in(index)) : nullptr;
  if (known != nullptr && known->element != DataType::kUndefined) return known->element;
  throw Unsupported("the element type of its input " + std::to_string(index) + " is not known");
}

Shape Composite::shape(size_t index) const {
  const import::ValueType* known = has(index) ? scope_.type_of(in(index)) : nullptr;
  if (known != nullptr && known->shape) return *known->shape;
  throw Unsupported("the rank of its input " + std::to_string(index) + " is not known");
}

Shape Composite::static_shape(size_t index) const {
  Shape sizes = shape(index);
  if (std::count(sizes.begin(), sizes.end(), -1) == 0) return sizes;
  throw Unsupported("the shape of its input " + std::to_string(index) + " is not known");
}

// No ONNX value has such a name.
std::string Composite::new_name() { return "dnnbench:lowered:" + std::to_string(names_++); }

std::string Composite::add(const std::string& op, const std::vector<std::string>& inputs,
                           const Attributes& attributes) {
  import::Node made;
  made.op = op;
  made.opset = kLoweredOpset;
  made.name = node.name.empty() && !node.outputs.empty() ? node.outputs.front() : node.name;
  for (const std::string& input : inputs) {
    const auto renamed = renamed_.find(input);
    made.inputs.push_back(renamed == renamed_.end() ? input : renamed->second);
  }
  made.outputs = {new_name()};
  for (const auto& [name, value] : attributes) made.attributes[name] = attribute_of(value);
  nodes_.push_back(std::move(made));
  return nodes_.back().outputs.front();
}

std::vector<std::string> Composite::split(const std::string& x, int64_t axis, const Shape& sizes) {
  if (sizes.size() == 1) return {x};
  add("Split", {x, integers(sizes)}, {{"axis", axis}});
  std::vector<std::string>& outputs = nodes_.back().outputs;
  while (outputs.size() < sizes.size()) outputs.push_back(new_name());
  return outputs;
}

std::string Composite::constant(Tensor tensor) {
  const std::string name = new_name();
  constants_[name] = import::make_constant(std::move(tensor));
  return name;
}

std::string Composite::integers(const Shape& values) {
  Tensor tensor = make_tensor(DataType::kInt64, {static_cast<int64_t>(values.size())});
  std::copy(values.begin(), values.end(), tensor.as<int64_t>().begin());
  return constant(std::move(tensor));
}

std::string Composite::number(double value, DataType type) {
  Tensor tensor = make_tensor(type, {});
  from_doubles(std::vector<double>{value}, tensor);
  return constant(std::move(tensor));
}

std::string Composite::scaled(const std::string& x, double factor, DataType type) {
  return factor == 1 ? x : add("Mul", {x, number(factor, type)});
}

std::string Composite::cast(const std::string& x, DataType type) {
  return add("Cast", {x}, {{"to", static_cast<int64_t>(type)}});
}

std::string Composite::reshape(const std::string& x, const Shape& shape) {
  return add("Reshape", {x, integers(shape)});
}

std::string Composite::unsqueeze(const std::string& x, const Shape& axes) {
  return add("Unsqueeze", {x, integers(axes)});
}

std::string Composite::transpose(const std::string& x, const Shape& permutation) {
  return add("Transpose", {x}, {{"perm", permutation}});
}

std::string Composite::typed(const std::string& value, DataType type, const Shape& shape) {
  types_[value] = {import::ValueType::Kind::kTensor, type, shape};
  return value;
}

void Composite::out(size_t index, const std::string& value) {
  if (!wants(index)) return;
  const auto makes = [&](const import::Node& made) {
    return std::find(made.outputs.begin(), made.outputs.end(), value) != made.outputs.end();
  };
  if (std::none_of(nodes_.begin(), nodes_.end(), makes)) {
    add("Identity", {value});
    nodes_.back().outputs.front() = node.outputs[index];
    return;
  }
  // The value itself gets the output's name, also where it was used already.
  renamed_[value] = node.outputs[index];
  if (auto known = types_.extract(value)) types_[node.outputs[index]] = known.mapped();
  for (import::Node& made : nodes_) {
    std::replace(made.outputs.begin(), made.outputs.end(), value, node.outputs[index]);
    std::replace(made.inputs.begin(), made.inputs.end(), value, node.outputs[index]);
  }
}

}  // namespace dnnbench::semantics
