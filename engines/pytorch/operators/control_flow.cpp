// Operators with subgraphs: they become TorchScript's own `if` and `while`, the subgraph's nodes in
// their blocks.
#include <fmt/format.h>

#include <algorithm>

#include "operators.h"
#include "types.h"

namespace dnnbench::pytorch {
namespace {

using Kind = import::ValueType::Kind;

const import::Graph& subgraph(Operation& op, const char* name) {
  const import::Attribute* attribute = op.node.attribute(name);
  op.require(attribute != nullptr && attribute->graph, std::string("without its graph ") + name);
  return *attribute->graph;
}

// Variables of different kinds can't be one; of a known type where both agree on it.
import::ValueType common_type(Operation& op, size_t index, const import::ValueType& a,
                              const import::ValueType& b) {
  op.require(a.kind == b.kind, "branches that return different kinds of values");
  if (const import::ValueType* known = op.out_type(index)) return *known;
  import::ValueType type = a;
  if (a.element != b.element) type.element = DataType::kUndefined;
  if (a.shape != b.shape) type.shape.reset();
  return type;
}

void set_output(Operation& op, size_t index, const std::string& name,
                const import::ValueType& type) {
  if (!op.wants(index)) return;
  Variable variable;
  variable.name = name;
  variable.type = type;
  op.alias(index, variable);
}

std::vector<Variable> emit_branch(Operation& op, const char* name, const std::string& head,
                                  const std::vector<std::string>& results) {
  op.emitter().begin_block(head);
  std::vector<Variable> outputs = op.emitter().inline_graph(subgraph(op, name), {});
  for (size_t i = 0; i < results.size(); ++i) op.line(results[i] + " = " + outputs.at(i).name);
  if (results.empty()) op.line("pass");
  op.emitter().end_block();
  return outputs;
}

void emit_if(Operation& op) {
  if (const auto condition = op.integers(0)) {
    const char* taken = condition->front() != 0 ? "then_branch" : "else_branch";
    const auto outputs = op.emitter().inline_graph(subgraph(op, taken), {});
    for (size_t i = 0; i < outputs.size(); ++i) op.alias(i, outputs[i]);
    return;
  }
  std::vector<std::string> results;
  for (size_t i = 0; i < op.node.outputs.size(); ++i) results.push_back(op.emitter().new_name());
  const auto then_outputs =
      emit_branch(op, "then_branch", fmt::format("if bool({}.reshape([])):", op.in(0)), results);
  const auto else_outputs = emit_branch(op, "else_branch", "else:", results);
  for (size_t i = 0; i < results.size(); ++i) {
    set_output(op, i, results[i], common_type(op, i, then_outputs[i].type, else_outputs[i].type));
  }
}

// What a body sees under a carried name: of the body's own declared type, for its shape may change.
Variable carried(const import::Parameter& parameter, const Variable& initial, std::string name) {
  Variable variable;
  variable.name = std::move(name);
  variable.type = parameter.type;
  if (variable.type.element == DataType::kUndefined) {
    variable.type.kind = initial.type.kind;
    variable.type.element = initial.type.element;
  }
  return variable;
}

// A copy that may be assigned again in a loop.
std::string copy_for_loop(Operation& op, const Variable& initial) {
  switch (initial.type.kind) {
    case Kind::kSequence:
      return op.let_typed("List[Tensor]", initial.name);
    case Kind::kOptional:
      return op.let_typed("Optional[Tensor]", initial.name);
    case Kind::kOptionalSequence:
      return op.let_typed("Optional[List[Tensor]]", initial.name);
    default:
      return op.let(initial.name);
  }
}

// All at once, since a new value may be another's old one.
void assign(Operation& op, const std::vector<std::string>& names,
            const std::vector<Variable>& values, size_t first) {
  std::vector<std::string> fresh;
  for (size_t i = 0; i < names.size(); ++i) fresh.push_back(op.let(values.at(first + i).name));
  for (size_t i = 0; i < names.size(); ++i) op.line(names[i] + " = " + fresh[i]);
}

// Stacks what a loop has gathered. Nothing gathered has the shape that is known otherwise.
void emit_gathered(Operation& op, size_t index, const std::string& parts, int64_t axis,
                   DataType element) {
  Shape empty{0};
  const import::ValueType* type = op.out_type(index);
  if (type != nullptr && type->shape && !type->shape->empty()) {
    empty = *type->shape;
    for (int64_t& size : empty) size = std::max<int64_t>(size, 0);
    const auto at =
        static_cast<size_t>(axis < 0 ? axis + static_cast<int64_t>(empty.size()) : axis);
    if (at < empty.size()) empty[at] = 0;
  }
  if (type != nullptr && type->element != DataType::kUndefined) element = type->element;
  const std::string wanted = element == DataType::kUndefined ? "6" : dtype(element);
  op.out(index,
         fmt::format("torch.stack({0}, {1}) if len({0}) > 0 else torch.zeros({2}, dtype={3})",
                     parts, axis, list(empty), wanted),
         element);
}

void emit_loop(Operation& op) {
  const import::Graph& body = subgraph(op, "body");
  const std::string count = op.has(0) ? op.int_scalar(0) : "9223372036854775807";
  const size_t states = op.input_count() > 2 ? op.input_count() - 2 : 0;
  const std::string keep =
      op.let(op.has(1) ? fmt::format("bool({}.reshape([]))", op.in(1)) : "True");
  std::vector<std::string> names;
  std::vector<Variable> arguments(2);
  for (size_t i = 0; i < states; ++i) {
    names.push_back(copy_for_loop(op, op.variable(i + 2)));
    arguments.push_back(carried(body.inputs.at(i + 2), op.variable(i + 2), names.back()));
  }
  const size_t scans = op.node.outputs.size() > states ? op.node.outputs.size() - states : 0;
  std::vector<std::string> gathered;
  for (size_t i = 0; i < scans; ++i) {
    gathered.push_back(op.let_typed("List[Tensor]", "[]"));
  }
  const std::string at = op.let("0");
  op.emitter().begin_block(fmt::format("while {} < {} and {}:", at, count, keep));
  arguments[0].name = op.let(fmt::format("torch.tensor({}, dtype=4)", at));
  arguments[0].type.element = DataType::kInt64;
  arguments[0].type.shape = Shape{};
  arguments[1].name = op.let(fmt::format("torch.tensor({}, dtype=11)", keep));
  arguments[1].type.element = DataType::kBool;
  arguments[1].type.shape = Shape{};
  const std::vector<Variable> outputs = op.emitter().inline_graph(body, arguments);
  for (size_t i = 0; i < scans; ++i) {
    op.line(fmt::format("{}.append({})", gathered[i], outputs.at(1 + states + i).name));
  }
  op.line(fmt::format("{} = bool({}.reshape([]))", keep, outputs.at(0).name));
  assign(op, names, outputs, 1);
  op.line(fmt::format("{0} = {0} + 1", at));
  op.emitter().end_block();
  for (size_t i = 0; i < states; ++i) {
    const import::ValueType* known = op.out_type(i);
    import::ValueType type = outputs.at(1 + i).type;
    type.shape.reset();
    set_output(op, i, names[i], known != nullptr ? *known : type);
  }
  for (size_t i = 0; i < scans; ++i) {
    emit_gathered(op, states + i, gathered[i], 0, outputs.at(1 + states + i).type.element);
  }
}

struct ScanForm {
  size_t states = 0;
  size_t first_input = 0;  // of the node: states, then what is scanned
  size_t scanned = 0;
  std::vector<int64_t> input_axes, input_directions, output_axes, output_directions;
};

int64_t at_or(const std::vector<int64_t>& values, size_t index, int64_t otherwise) {
  return index < values.size() ? values[index] : otherwise;
}

struct Scanned {
  std::vector<std::string> states;
  std::vector<std::string> gathered;
  std::vector<Variable> outputs;  // of the body
};

// One pass over the scanned tensors.
Scanned emit_scan_pass(Operation& op, const import::Graph& body, const ScanForm& form,
                       const std::vector<std::string>& inputs) {
  Scanned result;
  std::vector<Variable> arguments;
  for (size_t i = 0; i < form.states; ++i) {
    result.states.push_back(op.let(inputs[i]));
    arguments.push_back(
        carried(body.inputs.at(i), op.variable(form.first_input + i), result.states.back()));
  }
  const size_t outputs = body.outputs.size() - form.states;
  for (size_t i = 0; i < outputs; ++i)
    result.gathered.push_back(op.let_typed("List[Tensor]", "[]"));
  const std::string count =
      op.let(fmt::format("{}.size({})", inputs.at(form.states), at_or(form.input_axes, 0, 0)));
  const std::string at = op.emitter().new_name();
  op.emitter().begin_block(fmt::format("for {} in range({}):", at, count));
  for (size_t i = 0; i < form.scanned; ++i) {
    const bool backwards = at_or(form.input_directions, i, 0) == 1;
    const std::string place = backwards ? fmt::format("{} - 1 - {}", count, at) : at;
    Variable slice =
        carried(body.inputs.at(form.states + i), op.variable(form.first_input + form.states + i),
                op.let(fmt::format("torch.select({}, {}, {})", inputs[form.states + i],
                                   at_or(form.input_axes, i, 0), place)));
    arguments.push_back(slice);
  }
  result.outputs = op.emitter().inline_graph(body, arguments);
  for (size_t i = 0; i < outputs; ++i) {
    const std::string& value = result.outputs.at(form.states + i).name;
    op.line(at_or(form.output_directions, i, 0) == 1
                ? fmt::format("{}.insert(0, {})", result.gathered[i], value)
                : fmt::format("{}.append({})", result.gathered[i], value));
  }
  assign(op, result.states, result.outputs, 0);
  op.emitter().end_block();
  return result;
}

void emit_scan(Operation& op) {
  const import::Graph& body = subgraph(op, "body");
  ScanForm form;
  form.scanned = static_cast<size_t>(op.node.integer("num_scan_inputs", 1));
  // Opset 8 has sequence lengths first, and a batch in every value.
  const bool batched = op.node.opset < 9;
  form.first_input = batched ? 1 : 0;
  form.states = op.input_count() - form.scanned - form.first_input;
  form.input_axes = op.node.integers("scan_input_axes");
  form.input_directions = op.node.integers(batched ? "directions" : "scan_input_directions");
  form.output_axes = op.node.integers("scan_output_axes");
  form.output_directions = op.node.integers("scan_output_directions");
  for (size_t i = 0; i < form.input_axes.size(); ++i) {
    form.input_axes[i] = op.axis(form.input_axes[i], form.first_input + form.states + i);
  }
  std::vector<std::string> inputs;
  for (size_t i = form.first_input; i < op.input_count(); ++i) inputs.push_back(op.in(i));
  const size_t gathered = body.outputs.size() - form.states;
  if (!batched) {
    const Scanned result = emit_scan_pass(op, body, form, inputs);
    for (size_t i = 0; i < form.states; ++i) {
      set_output(op, i, result.states[i],
                 op.out_type(i) != nullptr ? *op.out_type(i) : import::ValueType{});
    }
    for (size_t i = 0; i < gathered; ++i) {
      emit_gathered(op, form.states + i, result.gathered[i], at_or(form.output_axes, i, 0),
                    result.outputs.at(form.states + i).type.element);
    }
    return;
  }
  op.require(!op.has(0), "sequence lengths");
  std::vector<std::vector<std::string>> rows(body.outputs.size());
  for (int64_t b = 0; b < op.size(form.first_input, 0); ++b) {
    std::vector<std::string> row;
    for (const std::string& input : inputs) row.push_back(op.let(fmt::format("{}[{}]", input, b)));
    const Scanned result = emit_scan_pass(op, body, form, row);
    for (size_t i = 0; i < form.states; ++i) rows[i].push_back(result.states[i]);
    for (size_t i = 0; i < gathered; ++i) {
      rows[form.states + i].push_back(op.let(fmt::format("torch.stack({})", result.gathered[i])));
    }
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    op.out(i, fmt::format("torch.stack({})", tensor_list(rows[i])));
  }
}

}  // namespace

Operators control_flow_operators() {
  Operators table;
  table["If"] = emit_if;
  table["Loop"] = emit_loop;
  table["Scan"] = emit_scan;
  return table;
}

}  // namespace dnnbench::pytorch
