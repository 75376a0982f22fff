#include "operation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "core/error.h"
#include "types.h"

namespace dnnbench::pytorch {
namespace {

constexpr int64_t kMaxLiteralIntegers = 64;

bool is_small(const import::Constant& constant) {
  return constant.type != DataType::kString && constant.element_count() <= kMaxLiteralIntegers;
}

}  // namespace

const Variable& Operation::variable(size_t index) const {
  if (!has(index)) unsupported(fmt::format("its input {} is missing", index));
  return emitter_.find(node.inputs[index]);
}

std::string Operation::in_or(size_t index, const std::string& otherwise) const {
  return has(index) ? in(index) : otherwise;
}

DataType Operation::type(size_t index) const {
  return has(index) ? variable(index).type.element : DataType::kUndefined;
}

std::optional<Shape> Operation::shape(size_t index) const {
  const import::ValueType& type = variable(index).type;
  return type.is_static() ? type.shape : std::nullopt;
}

std::optional<int64_t> Operation::known_rank(size_t index) const {
  const import::ValueType& type = variable(index).type;
  if (!type.shape) return std::nullopt;
  return static_cast<int64_t>(type.shape->size());
}

int64_t Operation::rank(size_t index) const {
  const auto rank = known_rank(index);
  if (!rank) unsupported("the rank of its input \"" + node.inputs[index] + "\" is not known");
  return *rank;
}

int64_t Operation::size(size_t index, int64_t axis) const {
  const int64_t at = this->axis(axis, index);
  if (at >= rank(index))
    unsupported("its input \"" + node.inputs[index] + "\" has too few dimensions");
  const int64_t size = (*variable(index).type.shape)[static_cast<size_t>(at)];
  if (size < 0) unsupported("a size of its input \"" + node.inputs[index] + "\" is not known");
  return size;
}

std::optional<std::vector<int64_t>> Operation::integers(size_t index) const {
  if (!has(index) || !variable(index).constant || !is_small(*variable(index).constant)) return {};
  return variable(index).constant->integers();
}

std::optional<std::vector<double>> Operation::doubles(size_t index) const {
  if (!has(index) || !variable(index).constant || !is_small(*variable(index).constant)) return {};
  return variable(index).constant->doubles();
}

std::string Operation::int_list(size_t index) {
  if (const auto values = integers(index)) return list(*values);
  return let_typed("List[int]", in(index) + ".to(4).reshape([-1]).tolist()");
}

std::string Operation::int_scalar(size_t index) {
  if (const auto values = integers(index); values && values->size() == 1) {
    return std::to_string(values->front());
  }
  return let(fmt::format("int({}.reshape([]))", in(index)));
}

std::string Operation::float_scalar(size_t index) {
  if (const auto values = doubles(index); values && values->size() == 1) {
    return number(values->front());
  }
  return let(fmt::format("float({}.reshape([]))", in(index)));
}

int64_t Operation::axis(int64_t axis, size_t index) const {
  if (axis >= 0) return axis;
  return axis + rank(index);
}

const import::ValueType* Operation::out_type(size_t index) const {
  return wants(index) ? emitter_.type_of(node.outputs[index]) : nullptr;
}

void Operation::out(size_t index, const std::string& expression, DataType element) {
  if (!wants(index)) return;
  const import::ValueType* known = out_type(index);
  import::ValueType type;
  if (known != nullptr) type = *known;
  if (type.element == DataType::kUndefined) {
    type.element = element == DataType::kUndefined && has(0) ? this->type(0) : element;
  }
  std::string value = expression;
  if (type.kind == import::ValueType::Kind::kTensor) {
    if (type.element == DataType::kUint16) value = fmt::format("({}) & 65535", value);
    if (type.element == DataType::kUint32) value = fmt::format("({}) & 4294967295", value);
  }
  emitter_.set(node.outputs[index], {let(value), type, std::nullopt});
}

void Operation::alias(size_t index, const Variable& variable) {
  if (wants(index)) emitter_.set(node.outputs[index], Variable(variable));
}

std::string Operation::let(const std::string& expression) {
  const std::string name = emitter_.new_name();
  line(name + " = " + expression);
  return name;
}

std::string Operation::let_typed(const std::string& type, const std::string& expression) {
  const std::string name = emitter_.new_name();
  line(fmt::format("{}: {} = {}", name, type, expression));
  return name;
}

std::string Operation::call(const std::string& helper, const std::vector<std::string>& arguments) {
  emitter_.use(helper);
  return fmt::format("self.{}({})", helper, fmt::join(arguments, ", "));
}

std::string Operation::constant(Tensor tensor) {
  return emitter_.add_constant(import::make_constant(std::move(tensor)));
}

std::string Operation::ints_constant(const std::vector<int64_t>& values) {
  Tensor tensor = make_tensor(DataType::kInt64, {static_cast<int64_t>(values.size())});
  std::copy(values.begin(), values.end(), tensor.as<int64_t>().begin());
  return constant(std::move(tensor));
}

std::string Operation::floats_constant(const std::vector<double>& values, DataType type) {
  Tensor tensor = make_tensor(type, {static_cast<int64_t>(values.size())});
  from_doubles(values, tensor);
  return constant(std::move(tensor));
}

void Operation::unsupported(const std::string& why) const {
  throw import::UnsupportedNode(node, why);
}

void Operation::require(bool condition, const std::string& why) const {
  if (!condition) unsupported(why);
}

std::string list(const std::vector<int64_t>& values) {
  if (values.empty()) return "[0][:0]";
  return fmt::format("[{}]", fmt::join(values, ", "));
}

std::string float_list(const std::vector<double>& values) {
  if (values.empty()) return "[0.0][:0]";
  std::vector<std::string> texts;
  for (const double value : values) texts.push_back(number(value));
  return fmt::format("[{}]", fmt::join(texts, ", "));
}

std::string tensor_list(const std::vector<std::string>& tensors) {
  return fmt::format("[{}]", fmt::join(tensors, ", "));
}

std::string number(double value) {
  if (std::isnan(value)) return "float(\"nan\")";
  if (std::isinf(value)) return value > 0 ? "float(\"inf\")" : "float(\"-inf\")";
  std::string text = fmt::format("{:.17g}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return value < 0 ? "(" + text + ")" : text;
}

std::string truth(bool value) { return value ? "True" : "False"; }

std::string dtype(DataType type) { return std::to_string(scalar_type(held_as(type))); }

std::string cast(const std::string& expression, DataType from, DataType to) {
  if (from == to && from != DataType::kUndefined) return expression;
  if (from == DataType::kUint64 && is_floating_point(to)) {
    // The upper half of uint64 is held as negative numbers.
    return fmt::format(
        "torch.where({0} < 0, {0}.to(7) + 18446744073709551616.0, {0}.to(7)).to({1})", expression,
        dtype(to));
  }
  const bool narrows = to == DataType::kUint16 || to == DataType::kUint32;
  if (!narrows) return fmt::format("{}.to({})", expression, dtype(to));
  return fmt::format("({}.to(4) & {}).to({})", expression,
                     to == DataType::kUint16 ? 65535 : 4294967295, dtype(to));
}

}  // namespace dnnbench::pytorch
