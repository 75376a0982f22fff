// If, Loop and Scan: subgraphs become functions, which take what they use of the graphs around them
// as further arguments.
#include <algorithm>
#include <limits>
#include <memory>

#include "core/error.h"
#include "lists.h"
#include "operators.h"
#include "subgraph.h"

namespace dnnbench::tf {
namespace {

// --- If
// -------------------------------------------------------------------------------------------

struct Branch {
  std::shared_ptr<Function> function;
  std::vector<std::optional<TF_DataType>> elements;  // of those outputs that are sequences
};

Branch make_branch(const Operation& op, const import::Graph& onnx,
                   const std::vector<Captured>& captured) {
  Graph body;
  Emitter emitter(body, onnx, &op.emitter);
  Outs inputs;
  const Outs outside = values_of(op, captured);
  for (size_t i = 0; i < captured.size(); ++i) {
    const std::string& name = captured[i].name;
    inputs.push_back(body.placeholder(name, Graph::type(outside[i]), op.g.find_shape(outside[i])));
    set_value(emitter, name, inputs.back(), captured[i].element);
  }
  emitter.emit_nodes();
  Branch branch;
  Outs outputs;
  for (const import::Parameter& output : onnx.outputs) {
    if (emitter.is_sequence(output.name)) {
      const List list = emitter.list(output.name);
      branch.elements.emplace_back(list.element);
      outputs.push_back(body.identity(list.handle));
    } else {
      branch.elements.emplace_back(std::nullopt);
      outputs.push_back(body.identity(emitter.get(output.name)));
    }
  }
  branch.function =
      std::make_shared<Function>(body, unique_function_name("branch"), inputs, outputs);
  op.g.add_function(branch.function);
  return branch;
}

// A condition that is known: the branch's nodes are the graph's own.
void inline_branch(const Operation& op, const import::Graph& onnx) {
  Emitter emitter(op.g, onnx, &op.emitter);
  emitter.share_graph();
  emitter.emit_nodes();
  for (size_t i = 0; i < onnx.outputs.size(); ++i) {
    const std::string& name = onnx.outputs[i].name;
    if (const auto* elements = emitter.sequence(name)) {
      std::vector<std::string> moved;
      for (const std::string& element : *elements) {
        moved.push_back(op.emitter.fresh_name());
        op.emitter.set(moved.back(), emitter.get(element));
      }
      op.emitter.set_sequence(op.node.outputs[i], moved);
      continue;
    }
    if (const auto list = emitter.find_list(name)) {
      op.emitter.set_list(op.node.outputs[i], *list);
      continue;
    }
    op.out(i, emitter.get(name));
  }
}

void emit_if(const Operation& op) {
  Graph& g = op.g;
  const import::Graph& yes = subgraph(op, "then_branch");
  const import::Graph& no = subgraph(op, "else_branch");
  if (const auto known = op.find_integers(0))
    return inline_branch(op, known->at(0) != 0 ? yes : no);
  const std::vector<Captured> captured = outer_values(op, {&yes, &no});
  const Branch then_branch = make_branch(op, yes, captured);
  const Branch else_branch = make_branch(op, no, captured);
  const std::vector<TF_DataType>& types = then_branch.function->output_types();
  if (types != else_branch.function->output_types() ||
      then_branch.elements != else_branch.elements) {
    throw Unsupported("its branches return different types");
  }
  const Outs results =
      g.call_all("StatelessIf", {g.reshape(op.in(0), Shape{}), values_of(op, captured)},
                 {{"then_branch", FunctionName{then_branch.function->name()}},
                  {"else_branch", FunctionName{else_branch.function->name()}},
                  {"Tout", types},
                  {"_lower_using_switch_merge", true}});
  for (size_t i = 0; i < types.size(); ++i) {
    if (op.wants(i)) set_value(op.emitter, op.node.outputs[i], results[i], then_branch.elements[i]);
  }
}

// --- Loop and Scan
// --------------------------------------------------------------------------------

// `otherwise` is the node's output, whose type is known where the body's own is not.
TF_DataType type_of(const Operation& op, const import::Parameter& parameter, size_t otherwise) {
  if (parameter.type.kind != import::ValueType::Kind::kTensor) {
    throw Unsupported("its body takes or returns a sequence or an optional");
  }
  const import::ValueType* known =
      op.wants(otherwise) ? op.emitter.onnx().type_of(op.node.outputs[otherwise]) : nullptr;
  const bool ask = parameter.type.element == DataType::kUndefined && known != nullptr;
  return to_tensorflow(ask ? known->element : parameter.type.element);
}

// What the two kinds of loops share: a body that is given its turn's number, the carried values and
// slices, and returns the carried values and results to be gathered.
struct LoopPlan {
  const import::Graph* body = nullptr;
  std::vector<Captured> captured;
  size_t carried = 0;                 // how many
  std::vector<TF_DataType> gathered;  // types
};

// Sets the values of outer graphs in the body's emitter.
void set_captured(Emitter& emitter, const LoopPlan& plan, const Outs& variables, size_t first) {
  for (size_t i = 0; i < plan.captured.size(); ++i) {
    set_value(emitter, plan.captured[i].name, variables[first + i], plan.captured[i].element);
  }
}

std::optional<Shape> known_element(const import::Parameter& parameter) {
  return parameter.type.shape;
}

// Carried values may change their shape from turn to turn unless the body says otherwise.
std::optional<Shape> carried_shape(const Graph& g, Out initial, const import::Parameter& in,
                                   const import::Parameter& out) {
  const auto shape = g.find_shape(initial);
  if (shape && out.type.shape == shape && (in.type.shape == shape || !in.type.shape)) return shape;
  if (!shape || !out.type.shape || out.type.shape->size() != shape->size()) return std::nullopt;
  Shape common = *shape;
  for (size_t i = 0; i < common.size(); ++i) {
    if (common[i] != (*out.type.shape)[i]) common[i] = -1;
  }
  return common;
}

// What a loop starts with. Variables: turn, going on, most turns, carried..., lists..., captured...
struct LoopStart {
  Outs variables;
  Shapes shapes;
  std::vector<std::optional<TF_DataType>> carried_elements;  // of those that are sequences
};

LoopStart loop_start(const Operation& op, const LoopPlan& plan) {
  Graph& g = op.g;
  const import::Graph& body = *plan.body;
  const bool limited = op.has(0), conditional = op.has(1);
  LoopStart start{
      {g.long_scalar(0),
       conditional ? g.reshape(op.in(1), Shape{}) : g.cast(g.int_scalar(1), TF_BOOL),
       limited ? g.reshape(op.in(0), Shape{}) : g.long_scalar(std::numeric_limits<int64_t>::max())},
      {Shape{}, Shape{}, Shape{}},
      {}};
  for (size_t i = 0; i < plan.carried; ++i) {
    const std::string& name = op.node.inputs[2 + i];
    start.carried_elements.emplace_back();
    if (op.emitter.is_sequence(name)) {
      const List list = op.emitter.list(name);
      start.carried_elements.back() = list.element;
      start.variables.push_back(list.handle);
      start.shapes.emplace_back(Shape{});
      continue;
    }
    start.variables.push_back(op.in(2 + i));
    start.shapes.push_back(
        carried_shape(g, start.variables.back(), body.inputs.at(2 + i), body.outputs.at(1 + i)));
  }
  for (const TF_DataType type : plan.gathered) {
    start.variables.push_back(empty_list(g, type).handle);
    start.shapes.emplace_back(Shape{});
  }
  for (const Out outside : values_of(op, plan.captured)) {
    start.variables.push_back(outside);
    start.shapes.push_back(g.find_shape(outside));
  }
  return start;
}

void emit_loop(const Operation& op) {
  Graph& g = op.g;
  LoopPlan plan{
      &subgraph(op, "body"), {}, op.input_count() - std::min<size_t>(2, op.input_count()), {}};
  const import::Graph& body = *plan.body;
  plan.captured = outer_values(op, {plan.body});
  for (size_t i = 1 + plan.carried; i < body.outputs.size(); ++i) {
    plan.gathered.push_back(type_of(op, body.outputs[i], i - 1));
  }
  const LoopStart start = loop_start(op, plan);
  const auto& carried_elements = start.carried_elements;
  const size_t lists = 3 + plan.carried, captured = lists + plan.gathered.size();
  const auto condition = [](Graph& inner, const Outs& v) {
    return inner.call("LogicalAnd", {inner.less(v[0], v[2]), v[1]});
  };
  const auto turn = [&](Graph& inner, const Outs& v) {
    Emitter emitter(inner, body, &op.emitter);
    set_captured(emitter, plan, v, captured);
    emitter.set(body.inputs.at(0).name, v[0]);
    emitter.set(body.inputs.at(1).name, v[1]);
    for (size_t i = 0; i < plan.carried; ++i) {
      set_value(emitter, body.inputs.at(2 + i).name, v[3 + i], carried_elements[i]);
    }
    emitter.emit_nodes();
    Outs next{inner.add(v[0], inner.long_scalar(1)),
              inner.reshape(emitter.get(body.outputs.at(0).name), Shape{}), v[2]};
    for (size_t i = 0; i < plan.carried; ++i) {
      const std::string& name = body.outputs[1 + i].name;
      next.push_back(carried_elements[i] ? emitter.list(name).handle : emitter.get(name));
    }
    for (size_t i = 0; i < plan.gathered.size(); ++i) {
      const Out result = emitter.get(body.outputs[1 + plan.carried + i].name);
      next.push_back(push(inner, {v[lists + i], plan.gathered[i]}, result).handle);
    }
    next.insert(next.end(), v.begin() + static_cast<std::ptrdiff_t>(captured), v.end());
    return next;
  };
  const Outs results = while_loop(g, start.variables, condition, turn, start.shapes);
  for (size_t i = 0; i < plan.carried; ++i) {
    if (op.wants(i)) set_value(op.emitter, op.node.outputs[i], results[3 + i], carried_elements[i]);
  }
  for (size_t i = 0; i < plan.gathered.size(); ++i) {
    const import::Parameter& output = body.outputs[1 + plan.carried + i];
    op.out(plan.carried + i,
           stacked(g, {results[lists + i], plan.gathered[i]}, known_element(output)));
  }
}

Out one_of(Graph& g, Out tensor, Out index, int64_t axis) { return g.gather(tensor, index, axis); }

struct ScanInput {
  Out tensor;
  int64_t axis = 0;
  bool backward = false;
};

std::vector<int64_t> per(const Operation& op, const std::string& name, size_t count) {
  return op.node.integers(name, std::vector<int64_t>(count, 0));
}

// Variables: turn, carried..., lists..., scanned..., captured...
Outs scan(const Operation& op, const import::Graph& body, const Outs& initial,
          const std::vector<ScanInput>& scanned, const std::vector<Captured>& captured_values) {
  Graph& g = op.g;
  const size_t carried = initial.size(), gathered = body.outputs.size() - carried;
  if (scanned.empty()) throw Unsupported("it scans nothing");
  Outs variables{g.long_scalar(0)};
  Shapes shapes{Shape{}};
  const auto add = [&](Out out, std::optional<Shape> shape) {
    variables.push_back(out);
    shapes.push_back(std::move(shape));
  };
  for (size_t i = 0; i < carried; ++i) {
    add(initial[i], carried_shape(g, initial[i], body.inputs.at(i), body.outputs.at(i)));
  }
  for (size_t i = 0; i < gathered; ++i)
    add(empty_list(g, type_of(op, body.outputs[carried + i], carried + i)).handle, Shape{});
  for (const ScanInput& input : scanned) add(input.tensor, g.find_shape(input.tensor));
  for (const Out outside : values_of(op, captured_values)) add(outside, g.find_shape(outside));
  const size_t lists = 1 + carried, inputs = lists + gathered, captured = inputs + scanned.size();
  const auto length = [&](Graph& inner, const Outs& v) {
    return inner.size_of(v[inputs], scanned[0].axis);
  };
  const auto condition = [&](Graph& inner, const Outs& v) {
    return inner.less(v[0], length(inner, v));
  };
  const auto turn = [&](Graph& inner, const Outs& v) {
    Emitter emitter(inner, body, &op.emitter);
    LoopPlan plan{&body, captured_values, carried, {}};
    set_captured(emitter, plan, v, captured);
    for (size_t i = 0; i < carried; ++i) emitter.set(body.inputs.at(i).name, v[1 + i]);
    for (size_t i = 0; i < scanned.size(); ++i) {
      Out index = v[0];
      if (scanned[i].backward) {
        index = inner.sub(inner.sub(length(inner, v), inner.long_scalar(1)), v[0]);
      }
      emitter.set(body.inputs.at(carried + i).name,
                  one_of(inner, v[inputs + i], index, scanned[i].axis));
    }
    emitter.emit_nodes();
    Outs next{inner.add(v[0], inner.long_scalar(1))};
    for (size_t i = 0; i < carried; ++i) next.push_back(emitter.get(body.outputs[i].name));
    for (size_t i = 0; i < gathered; ++i) {
      const Out result = emitter.get(body.outputs[carried + i].name);
      next.push_back(push(inner, {v[lists + i], Graph::type(result)}, result).handle);
    }
    next.insert(next.end(), v.begin() + static_cast<std::ptrdiff_t>(inputs), v.end());
    return next;
  };
  const Outs results = while_loop(g, variables, condition, turn, shapes);
  Outs outputs(results.begin() + 1, results.begin() + 1 + static_cast<std::ptrdiff_t>(carried));
  for (size_t i = 0; i < gathered; ++i) {
    const import::Parameter& output = body.outputs[carried + i];
    outputs.push_back(
        stacked(g, {results[lists + i], type_of(op, output, carried + i)}, known_element(output)));
  }
  return outputs;
}

// From opset 9 on: no batch; each input has an axis and a direction.
void emit_scan_9(const Operation& op, const import::Graph& body) {
  Graph& g = op.g;
  const auto count = static_cast<size_t>(op.integer("num_scan_inputs", 0));
  const size_t carried = op.input_count() - count;
  const size_t gathered = body.outputs.size() - carried;
  const auto axes = per(op, "scan_input_axes", count),
             directions = per(op, "scan_input_directions", count);
  Outs initial;
  for (size_t i = 0; i < carried; ++i) initial.push_back(op.in(i));
  std::vector<ScanInput> scanned;
  for (size_t i = 0; i < count; ++i) {
    const Out tensor = op.in(carried + i);
    scanned.push_back(
        {tensor, semantics::axis_from_start(axes[i], g.rank(tensor)), directions[i] != 0});
  }
  Outs results = scan(op, body, initial, scanned, outer_values(op, {&body}));
  const auto output_axes = per(op, "scan_output_axes", gathered);
  const auto output_directions = per(op, "scan_output_directions", gathered);
  for (size_t i = 0; i < gathered; ++i) {
    Out& result = results[carried + i];
    if (output_directions[i] != 0) result = g.call("ReverseV2", {result, g.ints({0})});
    if (output_axes[i] == 0) continue;
    const size_t rank = g.rank(result);
    std::vector<int> order;
    for (size_t axis = 1; axis < rank; ++axis) order.push_back(static_cast<int>(axis));
    order.insert(order.begin() + semantics::axis_from_start(output_axes[i], rank), 0);
    result = g.transpose(result, order);
  }
  for (size_t i = 0; i < results.size(); ++i) op.out(i, results[i]);
}

// In opset 8 all had a batch in front, each of whose elements is scanned by itself.
void emit_scan_8(const Operation& op, const import::Graph& body) {
  Graph& g = op.g;
  if (op.has(0)) throw Unsupported("it gives the lengths of its sequences");
  const auto count = static_cast<size_t>(op.integer("num_scan_inputs", 0));
  const size_t carried = op.input_count() - 1 - count;
  const auto directions = per(op, "directions", count);
  const int64_t batches = op.static_shape(op.input_count() - 1).at(0);
  const auto captured = outer_values(op, {&body});
  std::vector<Outs> by_output(body.outputs.size());
  for (int64_t batch = 0; batch < batches; ++batch) {
    const Out index = g.long_scalar(batch);
    Outs initial;
    std::vector<ScanInput> scanned;
    for (size_t i = 0; i < carried; ++i) initial.push_back(one_of(g, op.in(1 + i), index, 0));
    for (size_t i = 0; i < count; ++i) {
      scanned.push_back({one_of(g, op.in(1 + carried + i), index, 0), 0, directions[i] != 0});
    }
    const Outs results = scan(op, body, initial, scanned, captured);
    for (size_t i = 0; i < results.size(); ++i) by_output[i].push_back(results[i]);
  }
  for (size_t i = 0; i < by_output.size(); ++i) {
    op.out(i, g.call("Pack", {by_output[i]}, {{"axis", int64_t{0}}}));
  }
}

void emit_scan(const Operation& op) {
  const import::Graph& body = subgraph(op, "body");
  if (op.node.opset < 9) return emit_scan_8(op, body);
  emit_scan_9(op, body);
}

}  // namespace

Operators control_flow_operators() {
  return {
      {"If", emit_if},
      {"Loop", emit_loop},
      {"Scan", emit_scan},
  };
}

}  // namespace dnnbench::tf
