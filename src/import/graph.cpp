#include "import/graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "core/error.h"

namespace dnnbench::import {
namespace {

template <typename Map>
auto* find(const Map& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

template <typename T>
std::vector<int64_t> widen(Constant const& constant) {
  std::vector<int64_t> values;
  values.reserve(constant.bytes.size() / sizeof(T));
  for (size_t at = 0; at + sizeof(T) <= constant.bytes.size(); at += sizeof(T)) {
    T value;
    std::memcpy(&value, constant.bytes.data() + at, sizeof value);
    values.push_back(static_cast<int64_t>(value));
  }
  return values;
}

}  // namespace

Tensor Constant::tensor() const { return {type, shape, {bytes.begin(), bytes.end()}, strings}; }

std::vector<int64_t> Constant::integers() const {
  if (type == DataType::kInt64) return widen<int64_t>(*this);
  if (type == DataType::kUint64) return widen<uint64_t>(*this);
  std::vector<int64_t> values;
  for (const double value : doubles()) values.push_back(static_cast<int64_t>(value));
  return values;
}

std::vector<double> Constant::doubles() const { return to_doubles(tensor()); }

Constant make_constant(Tensor tensor) {
  auto owner = std::make_shared<const Tensor>(std::move(tensor));
  return {owner->type, owner->shape, owner->bytes, owner->strings, owner};
}

bool ValueType::is_static() const {
  return kind == Kind::kTensor && shape &&
         std::all_of(shape->begin(), shape->end(), [](int64_t size) { return size >= 0; });
}

const Attribute* Node::attribute(const std::string& name) const { return find(attributes, name); }

int64_t Node::integer(const std::string& name, int64_t otherwise) const {
  const Attribute* found = attribute(name);
  return found != nullptr ? found->i : otherwise;
}

double Node::number(const std::string& name, double otherwise) const {
  const Attribute* found = attribute(name);
  return found != nullptr ? found->f : otherwise;
}

std::string Node::text(const std::string& name, const std::string& otherwise) const {
  const Attribute* found = attribute(name);
  return found != nullptr ? found->s : otherwise;
}

std::vector<int64_t> Node::integers(const std::string& name,
                                    const std::vector<int64_t>& otherwise) const {
  const Attribute* found = attribute(name);
  return found != nullptr ? found->ints : otherwise;
}

std::string qualified_op(const Node& node) {
  return node.domain.empty() ? node.op : node.domain + "." + node.op;
}

const std::string& label(const Node& node) {
  return node.name.empty() && !node.outputs.empty() ? node.outputs.front() : node.name;
}

std::string describe(const Node& node) {
  return fmt::format("{} (opset {}), node \"{}\"", qualified_op(node), node.opset, label(node));
}

const ValueType* Graph::type_of(const std::string& value) const { return find(types, value); }

const Constant* Graph::constant(const std::string& value) const { return find(constants, value); }

std::vector<Parameter> Graph::open_inputs() const {
  std::vector<Parameter> open;
  for (const Parameter& input : inputs) {
    if (constants.count(input.name) == 0) open.push_back(input);
  }
  return open;
}

}  // namespace dnnbench::import
