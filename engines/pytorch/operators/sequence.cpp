// Sequences are lists of tensors, optionals may be None.
#include <fmt/format.h>

#include "operators.h"

namespace dnnbench::pytorch {
namespace {

using Kind = import::ValueType::Kind;

// Sets an output that is not a tensor, whatever the graph knows of it.
void out_of_kind(Operation& op, const std::string& name, Kind kind, DataType element) {
  Variable variable;
  variable.name = name;
  variable.type.kind = kind;
  variable.type.element = element;
  op.alias(0, variable);
}

void out_sequence(Operation& op, const std::string& expression, DataType element) {
  out_of_kind(op, op.let_typed("List[Tensor]", expression), Kind::kSequence, element);
}

void emit_empty(Operation& op) {
  out_sequence(
      op, "[]",
      static_cast<DataType>(op.node.integer("dtype", static_cast<int64_t>(DataType::kFloat32))));
}

void emit_construct(Operation& op) {
  std::vector<std::string> tensors;
  for (size_t i = 0; i < op.input_count(); ++i) tensors.push_back(op.in(i));
  out_sequence(op, tensor_list(tensors), op.type(0));
}

void emit_at(Operation& op) { op.out(fmt::format("{}[{}]", op.in(0), op.int_scalar(1))); }

void emit_insert(Operation& op) {
  const std::string place = op.has(2) ? op.int_scalar(2) : fmt::format("len({})", op.in(0));
  out_sequence(op, op.call("sequence_insert", {op.in(0), op.in(1), place}), op.type(1));
}

void emit_erase(Operation& op) {
  out_sequence(op, op.call("sequence_erase", {op.in(0), op.has(1) ? op.int_scalar(1) : "-1"}),
               op.type(0));
}

void emit_length(Operation& op) {
  op.out(fmt::format("torch.tensor(len({}), dtype=4)", op.in(0)), DataType::kInt64);
}

void emit_concat_from_sequence(Operation& op) {
  const bool stacks = op.node.integer("new_axis", 0) != 0;
  op.out(fmt::format("torch.{}({}, {})", stacks ? "stack" : "cat", op.in(0),
                     op.node.integer("axis", 0)));
}

// Parts of one size, parts of given sizes, or single slices, whose axis may go.
void emit_split_to_sequence(Operation& op) {
  const int64_t axis = op.node.integer("axis", 0);
  std::string parts;
  if (!op.has(1)) {
    parts = op.node.integer("keepdims", 1) != 0
                ? fmt::format("torch.split({}, 1, {})", op.in(0), axis)
                : fmt::format("torch.unbind({}, {})", op.in(0), axis);
  } else if (op.rank(1) == 0) {
    parts = fmt::format("torch.split({}, {}, {})", op.in(0), op.int_scalar(1), axis);
  } else {
    parts = fmt::format("torch.split_with_sizes({}, {}, {})", op.in(0), op.int_list(1), axis);
  }
  out_sequence(op, parts, op.type(0));
}

bool may_be_none(Kind kind) { return kind == Kind::kOptional || kind == Kind::kOptionalSequence; }

void emit_optional(Operation& op) {
  if (op.has(0)) {
    const bool sequence = op.variable(0).type.kind == Kind::kSequence;
    const std::string name =
        op.let_typed(sequence ? "Optional[List[Tensor]]" : "Optional[Tensor]", op.in(0));
    return out_of_kind(op, name, sequence ? Kind::kOptionalSequence : Kind::kOptional, op.type(0));
  }
  const import::Attribute* type = op.node.attribute("type");
  op.require(type != nullptr && type->is_type, "neither a value nor a type");
  const bool sequence = type->type.kind == Kind::kSequence;
  out_of_kind(op, op.let_typed(sequence ? "Optional[List[Tensor]]" : "Optional[Tensor]", "None"),
              sequence ? Kind::kOptionalSequence : Kind::kOptional, type->type.element);
}

void emit_has_element(Operation& op) {
  std::string there = "False";
  if (op.has(0)) {
    there =
        may_be_none(op.variable(0).type.kind) ? fmt::format("{} is not None", op.in(0)) : "True";
  }
  op.out(fmt::format("torch.tensor({}, dtype=11)", there), DataType::kBool);
}

void emit_get_element(Operation& op) {
  const Variable& optional = op.variable(0);
  if (!may_be_none(optional.type.kind)) return op.alias(0, optional);
  const std::string name = op.let(optional.name);
  op.line(fmt::format("assert {} is not None", name));
  const bool sequence = optional.type.kind == Kind::kOptionalSequence;
  out_of_kind(op, op.let(name), sequence ? Kind::kSequence : Kind::kTensor, optional.type.element);
}

}  // namespace

Operators sequence_operators() {
  Operators table;
  table["SequenceEmpty"] = emit_empty;
  table["SequenceConstruct"] = emit_construct;
  table["SequenceAt"] = emit_at;
  table["SequenceInsert"] = emit_insert;
  table["SequenceErase"] = emit_erase;
  table["SequenceLength"] = emit_length;
  table["ConcatFromSequence"] = emit_concat_from_sequence;
  table["SplitToSequence"] = emit_split_to_sequence;
  table["Optional"] = emit_optional;
  table["OptionalHasElement"] = emit_has_element;
  table["OptionalGetElement"] = emit_get_element;
  return table;
}

}  // namespace dnnbench::pytorch
