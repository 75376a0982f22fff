// Operators that make tensors: of attributes, of a shape, of a range.
#include <fmt/format.h>

#include "import/graph_walk.h"
#include "operators.h"
#include "types.h"

namespace dnnbench::pytorch {
namespace {

void emit_constant(Operation& op) {
  const auto value = import::constant_value(op.node);
  op.require(value.has_value(), "its value is sparse");
  op.alias(0, op.emitter().constant_variable(*value));
}

void emit_constant_of_shape(Operation& op) {
  const import::Attribute* value = op.node.attribute("value");
  const DataType type = value != nullptr ? value->tensor->type : DataType::kFloat32;
  const std::string fill = value != nullptr
                               ? op.emitter().add_constant(*value->tensor) + ".reshape([])"
                               : op.constant(make_tensor(DataType::kFloat32, {}));
  op.out(fmt::format("{}.expand({})", fill, op.int_list(0)), type);
}

void emit_range(Operation& op) {
  const DataType type = op.type(0);
  if (is_floating_point(type)) {
    return op.out(op.call("float_range", {op.in(0), op.in(1), op.in(2)}));
  }
  op.out(op.call("integer_range", {op.int_scalar(0), op.int_scalar(1), op.int_scalar(2)}) +
         fmt::format(".to({})", dtype(type)));
}

}  // namespace

Operators constant_operators() {
  Operators table;
  table["Constant"] = emit_constant;
  table["ConstantOfShape"] = emit_constant_of_shape;
  table["Range"] = emit_range;
  return table;
}

}  // namespace dnnbench::pytorch
