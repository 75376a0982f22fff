// What makes tensors: of attributes, of a shape, of a range.
#include <algorithm>

#include "core/error.h"
#include "operators.h"
#include "tensors.h"

namespace dnnbench::tf {
namespace {

void emit_constant(const Operation& op) {
  const std::string& name = op.node.outputs[0];
  const auto set = [&](Tensor tensor) {
    op.emitter.set_constant(name, import::make_constant(std::move(tensor)));
  };
  if (const auto* value = op.node.attribute("value")) {
    op.emitter.set_constant(name, *value->tensor);
  } else if (const auto* text = op.node.attribute("value_string")) {
    Tensor tensor = make_tensor(DataType::kString, {});
    tensor.strings = {text->s};
    set(std::move(tensor));
  } else if (const auto* texts = op.node.attribute("value_strings")) {
    Tensor tensor = make_tensor(DataType::kString, {static_cast<int64_t>(texts->strings.size())});
    tensor.strings = texts->strings;
    set(std::move(tensor));
  } else if (const auto* number = op.node.attribute("value_float")) {
    Tensor tensor = make_tensor(DataType::kFloat32, {});
    from_doubles(std::vector<double>{number->f}, tensor);
    set(std::move(tensor));
  } else if (const auto* numbers = op.node.attribute("value_floats")) {
    Tensor tensor = make_tensor(DataType::kFloat32, {static_cast<int64_t>(numbers->floats.size())});
    from_doubles(numbers->floats, tensor);
    set(std::move(tensor));
  } else if (const auto* whole = op.node.attribute("value_int")) {
    Tensor tensor = make_tensor(DataType::kInt64, {});
    tensor.as<int64_t>()[0] = whole->i;
    set(std::move(tensor));
  } else if (const auto* wholes = op.node.attribute("value_ints")) {
    Tensor tensor = make_tensor(DataType::kInt64, {static_cast<int64_t>(wholes->ints.size())});
    std::copy(wholes->ints.begin(), wholes->ints.end(), tensor.as<int64_t>().begin());
    set(std::move(tensor));
  } else {
    throw Unsupported("its value is sparse");
  }
}

void emit_constant_of_shape(const Operation& op) {
  Graph& g = op.g;
  const auto* value = op.node.attribute("value");
  Out element = g.scalar(TF_FLOAT, 0);
  if (value != nullptr) {
    Tensor scalar = value->tensor->tensor();
    scalar.shape.clear();
    element = g.constant(scalar);
  }
  op.out(g.call("Fill", {op.in(0), element}));
}

void emit_range(const Operation& op) {
  Graph& g = op.g;
  const TF_DataType type = op.type(0);
  const TF_DataType computed = type == TF_INT16 ? TF_INT32 : type;
  const auto scalar = [&](size_t i) { return g.cast(g.reshape(op.in(i), Shape{}), computed); };
  op.out(g.cast(g.range(scalar(0), scalar(1), scalar(2)), type));
}

}  // namespace

Operators constant_operators() {
  return {
      {"Constant", emit_constant},
      {"ConstantOfShape", emit_constant_of_shape},
      {"Range", emit_range},
  };
}

}  // namespace dnnbench::tf
