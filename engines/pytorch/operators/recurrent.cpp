// LSTM, GRU and RNN: the library's own where their settings are the usual ones, otherwise written
// out step by step.
#include "semantics/recurrent.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "operators.h"
#include "types.h"

namespace dnnbench::pytorch {
namespace {

struct Layer : semantics::Recurrent {
  std::string x;     // [time, batch, input]
  std::string w, r;  // [directions, gates, input], [directions, gates, hidden]
  std::string lengths = "None";
  int64_t hidden = 0;

  // What the library's own functions compute.
  bool usual() const { return has_usual_activations && clip == 0 && lengths == "None"; }
};

Layer read_layer(Operation& op) {
  Layer layer{semantics::read_recurrent(op.node)};
  layer.hidden = op.node.integer("hidden_size", 0);
  if (layer.hidden == 0) layer.hidden = op.size(2, 2);
  layer.w = op.in(1);
  layer.r = op.in(2);
  layer.x = layer.batch_first ? op.let(op.in(0) + ".transpose(0, 1)") : op.in(0);
  if (op.has(4)) {
    const auto lengths = op.integers(4);
    const int64_t steps = op.size(0, layer.batch_first ? 1 : 0);
    const bool all = lengths && std::all_of(lengths->begin(), lengths->end(),
                                            [&](int64_t length) { return length == steps; });
    if (!all) layer.lengths = op.in(4) + ".to(4)";
  }
  return layer;
}

// A part of W, R, B or P for a direction, its gates in another order.
std::string gates(Operation& op, const std::string& tensor, const std::vector<int64_t>& order,
                  int64_t hidden, int64_t first = 0) {
  std::vector<std::string> parts;
  for (const int64_t gate : order) {
    parts.push_back(fmt::format("{}.narrow(0, {}, {})", tensor, (first + gate) * hidden, hidden));
  }
  return op.let(fmt::format("torch.cat({})", tensor_list(parts)));
}

std::string zeros(const Layer& r, int64_t directions) {
  return fmt::format("torch.zeros([{0}, {1}.size(1), {2}], dtype={1}.dtype)", directions, r.x,
                     r.hidden);
}

// State [directions, batch, hidden] of an input, or zeros.
std::string state(Operation& op, size_t index, const Layer& r) {
  if (!op.has(index)) return op.let(zeros(r, r.directions));
  return r.batch_first ? op.let(op.in(index) + ".transpose(0, 1).contiguous()") : op.in(index);
}

// Y as ONNX has it: [time, directions, batch, hidden], or batch first.
void set_outputs(Operation& op, const Layer& r, const std::string& y,
                 const std::vector<std::string>& states) {
  op.out(0, r.batch_first ? y + ".permute([2, 0, 1, 3])" : y);
  for (size_t i = 0; i < states.size(); ++i) {
    op.out(i + 1, r.batch_first ? states[i] + ".transpose(0, 1)" : states[i]);
  }
}

// By the library's own function. `order`: where each of its gates is among ONNX's.
void emit_usual(Operation& op, const Layer& r, const std::string& function,
                const std::vector<int64_t>& order) {
  const auto count = static_cast<int64_t>(order.size());
  std::vector<std::string> parameters;
  for (int64_t d = 0; d < r.directions; ++d) {
    const auto of = [&](size_t index) { return op.let(fmt::format("{}[{}]", op.in(index), d)); };
    parameters.push_back(gates(op, of(1), order, r.hidden));
    parameters.push_back(gates(op, of(2), order, r.hidden));
    if (!op.has(3)) continue;
    const std::string bias = of(3);
    parameters.push_back(gates(op, bias, order, r.hidden));
    parameters.push_back(gates(op, bias, order, r.hidden, count));
  }
  const std::string x = r.reverse ? op.let(fmt::format("torch.flip({}, [0])", r.x)) : r.x;
  const std::string h0 = state(op, 5, r);
  const std::string hidden = r.has_cell() ? fmt::format("[{}, {}]", h0, state(op, 6, r)) : h0;
  std::vector<std::string> results{op.emitter().new_name(), op.emitter().new_name()};
  if (r.has_cell()) results.push_back(op.emitter().new_name());
  op.line(fmt::format("{} = torch.{}({}, {}, {}, {}, 1, 0.0, False, {}, False)",
                      fmt::join(results, ", "), function, x, hidden, tensor_list(parameters),
                      truth(op.has(3)), truth(r.directions == 2)));
  std::string y =
      op.let(fmt::format("{0}.reshape([{0}.size(0), {0}.size(1), {1}, {2}]).permute([0, 2, 1, 3])",
                         results[0], r.directions, r.hidden));
  if (r.reverse) y = op.let(fmt::format("torch.flip({}, [0])", y));
  set_outputs(op, r, y, {results.begin() + 1, results.end()});
}

// ["Sigmoid", "Tanh"], [0.0, 0.0], [0.0, 0.0]: what the helper `activate` takes.
std::vector<std::string> activation_lists(const std::vector<semantics::Activation>& activations) {
  std::vector<std::string> names;
  std::vector<double> alphas, betas;
  for (const semantics::Activation& activation : activations) {
    names.push_back(activation.function);
    alphas.push_back(activation.alpha);
    betas.push_back(activation.beta);
  }
  return {fmt::format("[\"{}\"]", fmt::join(names, "\", \"")), float_list(alphas),
          float_list(betas)};
}

// A direction of a parameter, or zeros of that size where the node has none.
std::string of_direction(Operation& op, size_t index, int64_t direction, int64_t size,
                         const Layer& r) {
  if (op.has(index)) return op.let(fmt::format("{}[{}]", op.in(index), direction));
  return op.let(fmt::format("torch.zeros([{}], dtype={}.dtype)", size, r.x));
}

// Step by step, direction by direction, by a helper that gives [y, h, (c)].
void emit_steps(Operation& op, const Layer& r, const std::string& helper,
                const std::vector<std::string>& settings) {
  const std::string h0 = state(op, 5, r);
  const std::string c0 = r.has_cell() ? state(op, 6, r) : "";
  std::vector<std::string> ys, hs, cs;
  for (int64_t d = 0; d < r.directions; ++d) {
    const auto of = [&](const std::string& tensor) {
      return op.let(fmt::format("{}[{}]", tensor, d));
    };
    const bool backwards = r.goes_backwards(d);
    const auto turned = [&](const std::string& steps) {
      return backwards ? op.let(op.call("reverse_steps", {steps, r.lengths})) : steps;
    };
    std::vector<std::string> arguments{turned(r.x), of(r.w), of(r.r)};
    arguments.push_back(of_direction(op, 3, d, 2 * r.gates * r.hidden, r));
    arguments.push_back(of(h0));
    if (r.has_cell()) arguments.push_back(of(c0));
    arguments.push_back(r.lengths);
    for (const std::string& list : activation_lists(r.activations_of(d))) arguments.push_back(list);
    arguments.push_back(number(r.clip));
    if (r.has_cell()) arguments.push_back(of_direction(op, 7, d, 3 * r.hidden, r));
    arguments.insert(arguments.end(), settings.begin(), settings.end());
    const std::string result = op.let(op.call(helper, arguments));
    ys.push_back(turned(op.let(result + "[0]")));
    hs.push_back(op.let(result + "[1]"));
    if (r.has_cell()) cs.push_back(op.let(result + "[2]"));
  }
  std::vector<std::string> states{op.let(fmt::format("torch.stack({})", tensor_list(hs)))};
  if (r.has_cell()) states.push_back(op.let(fmt::format("torch.stack({})", tensor_list(cs))));
  set_outputs(op, r, op.let(fmt::format("torch.stack({}, 1)", tensor_list(ys))), states);
}

void emit_lstm(Operation& op) {
  const Layer r = read_layer(op);
  // ONNX's gates are input, output, forget, cell; the library's input, forget, cell, output.
  if (r.usual() && !r.input_forget && !op.has(7)) return emit_usual(op, r, "lstm", {0, 2, 3, 1});
  emit_steps(op, r, "lstm_steps", {truth(r.input_forget), "False"});
}

// Weights [directions, input, gates] of 8 bits with a scale a direction or a gate, made whole and
// turned.
std::string dequantized_weights(Operation& op, size_t index, size_t scale) {
  const auto spread = [&](size_t parameter) {
    return fmt::format("{}.reshape([{}.size(0), 1, -1])", op.in(parameter), op.in(index));
  };
  std::string w = op.in(index) + ".to(6)";
  if (op.has(scale + 1)) w = fmt::format("({} - {}.to(6))", w, spread(scale + 1));
  return op.let(fmt::format("({} * {}).transpose(1, 2)", w, spread(scale)));
}

// com.microsoft's: the inputs, and the state in each turn, are quantised by their own range. How
// many states of a batch have a range together depends on ONNX Runtime's number of threads
// (`SetNumThreads` in onnxruntime/core/providers/cpu/rnn/uni_directional_lstm.cc).
// (https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.DynamicQuantizeLSTM).
void emit_dynamic_quantize_lstm(Operation& op) {
  Layer r = read_layer(op);
  op.require(op.size(0, r.batch_first ? 0 : 1) == 1,
             "a batch, which ONNX Runtime computes differently with each number of threads");
  if (op.node.attribute("hidden_size") == nullptr) r.hidden = op.size(2, 1);
  // What lies behind a sequence's end does not count for the range.
  if (r.lengths != "None") {
    r.x =
        op.let(fmt::format("torch.where(torch.arange({0}.size(0)).reshape([-1, 1, 1]) < "
                           "{1}.reshape([1, -1, 1]), {0}, torch.zeros([], dtype={0}.dtype))",
                           r.x, r.lengths));
  }
  r.x = op.let(op.call("quantized_and_back", {r.x}));
  r.w = dequantized_weights(op, 1, 8);
  r.r = dequantized_weights(op, 2, 10);
  emit_steps(op, r, "lstm_steps", {truth(r.input_forget), "True"});
}

void emit_gru(Operation& op) {
  const Layer r = read_layer(op);
  // ONNX's gates are update, reset, hidden; the library's reset, update, hidden.
  if (r.usual() && r.linear_before_reset) return emit_usual(op, r, "gru", {1, 0, 2});
  emit_steps(op, r, "gru_steps", {truth(r.linear_before_reset)});
}

void emit_rnn(Operation& op) {
  const Layer r = read_layer(op);
  if (r.usual()) return emit_usual(op, r, "rnn_tanh", {0});
  emit_steps(op, r, "rnn_steps", {});
}

}  // namespace

Operators recurrent_operators() {
  Operators table;
  table["LSTM"] = emit_lstm;
  table["com.microsoft.DynamicQuantizeLSTM"] = emit_dynamic_quantize_lstm;
  table["GRU"] = emit_gru;
  table["RNN"] = emit_rnn;
  return table;
}

}  // namespace dnnbench::pytorch
