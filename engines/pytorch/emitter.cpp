#include "emitter.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.h"
#include "helpers.h"
#include "operation.h"
#include "operators.h"
#include "semantics/four_bits.h"
#include "types.h"

namespace dnnbench::pytorch {
namespace {

using Kind = import::ValueType::Kind;

std::string annotation(Kind kind) {
  switch (kind) {
    case Kind::kTensor:
      return "Tensor";
    case Kind::kSequence:
      return "List[Tensor]";
    case Kind::kOptional:
      return "Optional[Tensor]";
    case Kind::kOptionalSequence:
      return "Optional[List[Tensor]]";
    default:
      throw Unsupported("PyTorch takes and returns tensors, sequences and optionals only");
  }
}

import::Constant held(const import::Constant& constant) {
  if (semantics::is_four_bits(constant.type)) return semantics::widened(constant);
  const DataType type = held_as(constant.type);
  scalar_type(type);
  if (type == constant.type) return constant;
  if (constant.type == DataType::kUint64) {
    import::Constant same = constant;
    same.type = type;
    return same;
  }
  Tensor tensor = make_tensor(type, constant.shape);
  from_doubles(constant.doubles(), tensor);
  return import::make_constant(std::move(tensor));
}

}  // namespace

Program emit_program(const import::Graph& graph) { return Emitter().emit(graph); }

Program Emitter::emit(const import::Graph& graph) {
  scopes_.push_back({&graph, {}});
  std::vector<std::string> parameters{"self"};
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    const import::Parameter& input = graph.inputs[i];
    parameters.push_back(fmt::format("x{}: {}", i, annotation(input.type.kind)));
    set(input.name, {take_input(input, i), input.type, std::nullopt});
  }
  add_nodes(graph);
  std::vector<std::string> outputs;
  for (const import::Parameter& output : graph.outputs) outputs.push_back(give_output(output));
  line("return " +
       (outputs.size() == 1 ? outputs[0] : fmt::format("({})", fmt::join(outputs, ", "))));
  program_.source =
      helpers_ + fmt::format("def forward({}):\n", fmt::join(parameters, ", ")) + body_;
  return std::move(program_);
}

// The program's own form of an input.
std::string Emitter::take_input(const import::Parameter& input, size_t index) {
  const std::string given = fmt::format("x{}", index);
  const DataType type = input.type.element;
  scalar_type(type);
  if (held_as(type) == type) return given;
  if (input.type.kind != Kind::kTensor) {
    throw Unsupported(
        fmt::format("the input \"{}\" is not a tensor but holds {}", input.name, to_string(type)));
  }
  const std::string name = new_name();
  line(fmt::format("{} = {}.to({})", name, given, dtype(type)));
  return name;
}

// Written in the model's order within the run, as the other engines do it; a view that the program
// ends with would be read in that order only afterwards.
std::string Emitter::give_output(const import::Parameter& output) {
  const Variable& variable = find(output.name);
  const DataType type = variable.type.element;
  const bool is_tensor = variable.type.kind == Kind::kTensor && output.type.kind == Kind::kTensor;
  std::string given = variable.name;
  if (type != DataType::kUndefined) {
    const int wanted = scalar_type(type);
    if (held_as(type) != type && !is_tensor) {
      throw Unsupported(fmt::format("the output \"{}\" is not a tensor but holds {}", output.name,
                                    to_string(type)));
    }
    if (held_as(type) != type) given += fmt::format(".to({})", wanted);
  }
  return is_tensor ? given + ".contiguous()" : given;
}

void Emitter::line(const std::string& text) {
  body_ += std::string(static_cast<size_t>(indent_) * 2, ' ') + text + "\n";
}

void Emitter::begin_block(const std::string& head) {
  line(head);
  ++indent_;
}

std::string Emitter::add_constant(const import::Constant& constant) {
  program_.constants.emplace_back(fmt::format("c{}", ++constants_), held(constant));
  return "self." + program_.constants.back().first;
}

Variable Emitter::constant_variable(const import::Constant& constant) {
  Variable variable;
  variable.name = add_constant(constant);
  variable.type.element = constant.type;
  variable.type.shape = constant.shape;
  variable.constant = constant;
  return variable;
}

void Emitter::set(const std::string& value, Variable variable) {
  scopes_.back().variables[value] = std::move(variable);
}

const import::ValueType* Emitter::type_of(const std::string& value) const {
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    if (const import::ValueType* type = scope->graph->type_of(value)) return type;
  }
  return nullptr;
}

// A constant becomes a tensor of the module when something uses it.
const Variable* Emitter::look_up(const std::string& value) {
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    const auto found = scope->variables.find(value);
    if (found != scope->variables.end()) return &found->second;
    const import::Constant* constant = scope->graph->constant(value);
    if (constant == nullptr) continue;
    return &(scope->variables[value] = constant_variable(*constant));
  }
  return nullptr;
}

const Variable& Emitter::find(const std::string& value) {
  const Variable* variable = look_up(value);
  if (variable == nullptr) {
    throw Unsupported(fmt::format("the value \"{}\" is used but nothing computes it", value));
  }
  return *variable;
}

void Emitter::use(const std::string& helper) {
  if (!used_.insert(helper).second) return;
  const Helper& found = find_helper(helper);
  helpers_ += found.source;
  for (const std::string& needed : found.needed) use(needed);
}

void Emitter::add_nodes(const import::Graph& graph) {
  for (const import::Node& node : graph.nodes) {
    ++program_.nodes;
    Operation operation(*this, node);
    try {
      find_operator(node)(operation);
    } catch (const Unsupported& why) {
      operation.unsupported(why.what());
    }
  }
}

std::vector<Variable> Emitter::inline_graph(const import::Graph& graph,
                                            const std::vector<Variable>& arguments) {
  scopes_.push_back({&graph, {}});
  for (size_t i = 0; i < graph.inputs.size() && i < arguments.size(); ++i) {
    set(graph.inputs[i].name, arguments[i]);
  }
  add_nodes(graph);
  std::vector<Variable> outputs;
  for (const import::Parameter& output : graph.outputs) outputs.push_back(find(output.name));
  scopes_.pop_back();
  return outputs;
}

}  // namespace dnnbench::pytorch
