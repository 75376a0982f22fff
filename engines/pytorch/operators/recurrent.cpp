// LSTM, GRU and RNN: the library's own where their settings are the usual ones, otherwise written
// out step by step.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "operators.h"
#include "types.h"

namespace dnnbench::pytorch {
namespace {

struct Recurrent {
  std::string x;     // [time, batch, input]
  std::string w, r;  // [directions, gates, input], [directions, gates, hidden]
  std::string lengths = "None";
  size_t directions = 1;
  bool backwards_first = false;  // direction "reverse"
  int64_t hidden = 0;
  bool batch_first = false;
  std::vector<std::string> activations;
  std::vector<double> alphas, betas;
  double clip = 0;
  bool usual = false;  // activations are the defaults, no clip, no lengths
};

double usual_alpha(const std::string& activation) {
  if (activation == "LeakyRelu") return 0.01;
  if (activation == "HardSigmoid") return 0.2;
  return activation == "ThresholdedRelu" || activation == "Elu" || activation == "Affine" ? 1 : 0;
}

// Attributes list alpha and beta only for the activations that have one.
void read_activations(Operation& op, const std::vector<std::string>& defaults, Recurrent& r) {
  const import::Attribute* given = op.node.attribute("activations");
  if (given != nullptr) r.activations = given->strings;
  for (size_t d = r.activations.empty() ? 0 : r.directions; d < r.directions; ++d) {
    r.activations.insert(r.activations.end(), defaults.begin(), defaults.end());
  }
  const import::Attribute* alpha = op.node.attribute("activation_alpha");
  const import::Attribute* beta = op.node.attribute("activation_beta");
  size_t next_alpha = 0, next_beta = 0;
  for (const std::string& name : r.activations) {
    const bool has_alpha = usual_alpha(name) != 0 || name == "ScaledTanh";
    const bool has_beta = name == "HardSigmoid" || name == "ScaledTanh" || name == "Affine";
    double a = usual_alpha(name), b = name == "HardSigmoid" ? 0.5 : 0;
    if (has_alpha && alpha != nullptr && next_alpha < alpha->floats.size())
      a = alpha->floats[next_alpha++];
    if (has_beta && beta != nullptr && next_beta < beta->floats.size())
      b = beta->floats[next_beta++];
    r.alphas.push_back(a);
    r.betas.push_back(b);
  }
  r.usual = std::all_of(r.activations.begin(), r.activations.end(), [&](const std::string& name) {
    const auto at = static_cast<size_t>(&name - r.activations.data());
    return name == defaults[at % defaults.size()];
  });
}

Recurrent read_recurrent(Operation& op, const std::vector<std::string>& defaults) {
  Recurrent r;
  const std::string direction = op.node.text("direction", "forward");
  r.directions = direction == "bidirectional" ? 2 : 1;
  r.backwards_first = direction == "reverse";
  r.hidden = op.node.integer("hidden_size", 0);
  if (r.hidden == 0) r.hidden = op.size(2, 2);
  r.batch_first = op.node.integer("layout", 0) == 1;
  r.clip = op.node.number("clip", 0);
  r.w = op.in(1);
  r.r = op.in(2);
  r.x = r.batch_first ? op.let(op.in(0) + ".transpose(0, 1)") : op.in(0);
  if (op.has(4)) {
    const auto lengths = op.integers(4);
    const int64_t steps = op.size(0, r.batch_first ? 1 : 0);
    const bool all = lengths && std::all_of(lengths->begin(), lengths->end(),
                                            [&](int64_t length) { return length == steps; });
    if (!all) r.lengths = op.in(4) + ".to(4)";
  }
  read_activations(op, defaults, r);
  r.usual = r.usual && r.clip == 0 && r.lengths == "None";
  return r;
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

std::string zeros(const Recurrent& r, size_t directions) {
  return fmt::format("torch.zeros([{0}, {1}.size(1), {2}], dtype={1}.dtype)", directions, r.x,
                     r.hidden);
}

// State [directions, batch, hidden] of an input, or zeros.
std::string state(Operation& op, size_t index, const Recurrent& r) {
  if (!op.has(index)) return op.let(zeros(r, r.directions));
  return r.batch_first ? op.let(op.in(index) + ".transpose(0, 1).contiguous()") : op.in(index);
}

// Y as ONNX has it: [time, directions, batch, hidden], or batch first.
void set_outputs(Operation& op, const Recurrent& r, const std::string& y,
                 const std::vector<std::string>& states) {
  op.out(0, r.batch_first ? y + ".permute([2, 0, 1, 3])" : y);
  for (size_t i = 0; i < states.size(); ++i) {
    op.out(i + 1, r.batch_first ? states[i] + ".transpose(0, 1)" : states[i]);
  }
}

// By the library's own function. `order`: where each of its gates is among ONNX's.
void write_usual(Operation& op, const Recurrent& r, const std::string& function,
                 const std::vector<int64_t>& order, bool has_cell) {
  const auto count = static_cast<int64_t>(order.size());
  std::vector<std::string> parameters;
  for (size_t d = 0; d < r.directions; ++d) {
    const auto of = [&](size_t index) { return op.let(fmt::format("{}[{}]", op.in(index), d)); };
    parameters.push_back(gates(op, of(1), order, r.hidden));
    parameters.push_back(gates(op, of(2), order, r.hidden));
    if (!op.has(3)) continue;
    const std::string bias = of(3);
    parameters.push_back(gates(op, bias, order, r.hidden));
    parameters.push_back(gates(op, bias, order, r.hidden, count));
  }
  const std::string x = r.backwards_first ? op.let(fmt::format("torch.flip({}, [0])", r.x)) : r.x;
  const std::string h0 = state(op, 5, r);
  const std::string hidden = has_cell ? fmt::format("[{}, {}]", h0, state(op, 6, r)) : h0;
  std::vector<std::string> results{op.emitter().new_name(), op.emitter().new_name()};
  if (has_cell) results.push_back(op.emitter().new_name());
  op.line(fmt::format("{} = torch.{}({}, {}, {}, {}, 1, 0.0, False, {}, False)",
                      fmt::join(results, ", "), function, x, hidden, tensor_list(parameters),
                      truth(op.has(3)), truth(r.directions == 2)));
  std::string y =
      op.let(fmt::format("{0}.reshape([{0}.size(0), {0}.size(1), {1}, {2}]).permute([0, 2, 1, 3])",
                         results[0], r.directions, r.hidden));
  if (r.backwards_first) y = op.let(fmt::format("torch.flip({}, [0])", y));
  set_outputs(op, r, y, {results.begin() + 1, results.end()});
}

std::string quoted(const std::vector<std::string>& names) {
  return fmt::format("[\"{}\"]", fmt::join(names, "\", \""));
}

// Step by step, direction by direction, by a helper that gives [y, h, (c)].
void write_steps(Operation& op, const Recurrent& r, const std::string& helper, int64_t gate_count,
                 bool has_cell, const std::vector<std::string>& settings) {
  const std::string h0 = state(op, 5, r);
  const std::string c0 = has_cell ? state(op, 6, r) : "";
  std::vector<std::string> ys, hs, cs;
  const size_t per_direction = r.activations.size() / r.directions;
  for (size_t d = 0; d < r.directions; ++d) {
    const bool backwards = r.backwards_first || d == 1;
    const auto of = [&](const std::string& tensor) {
      return op.let(fmt::format("{}[{}]", tensor, d));
    };
    const auto part = [&](const auto& values) {
      const auto first = values.begin() + static_cast<std::ptrdiff_t>(d * per_direction);
      return std::decay_t<decltype(values)>(first,
                                            first + static_cast<std::ptrdiff_t>(per_direction));
    };
    const std::string reversed =
        op.call("reverse_steps", {r.x, r.lengths});  // used only where it goes backwards
    const std::string x = backwards ? op.let(reversed) : r.x;
    const std::string bias = op.has(3) ? of(op.in(3))
                                       : op.let(fmt::format("torch.zeros([{}], dtype={}.dtype)",
                                                            2 * gate_count * r.hidden, r.x));
    std::vector<std::string> arguments{x, of(r.w), of(r.r), bias, of(h0)};
    if (has_cell) arguments.push_back(of(c0));
    arguments.push_back(r.lengths);
    arguments.push_back(quoted(part(r.activations)));
    arguments.push_back(float_list(part(r.alphas)));
    arguments.push_back(float_list(part(r.betas)));
    arguments.push_back(number(r.clip));
    for (const std::string& setting : settings) {
      arguments.push_back(setting == "P"
                              ? (op.has(7) ? of(op.in(7))
                                           : op.let(fmt::format("torch.zeros([{}], dtype={}.dtype)",
                                                                3 * r.hidden, r.x)))
                              : setting);
    }
    const std::string result = op.let(op.call(helper, arguments));
    const std::string y = op.let(result + "[0]");
    ys.push_back(backwards ? op.let(op.call("reverse_steps", {y, r.lengths})) : y);
    hs.push_back(op.let(result + "[1]"));
    if (has_cell) cs.push_back(op.let(result + "[2]"));
  }
  std::vector<std::string> states{op.let(fmt::format("torch.stack({})", tensor_list(hs)))};
  if (has_cell) states.push_back(op.let(fmt::format("torch.stack({})", tensor_list(cs))));
  set_outputs(op, r, op.let(fmt::format("torch.stack({}, 1)", tensor_list(ys))), states);
}

void write_lstm(Operation& op) {
  const Recurrent r = read_recurrent(op, {"Sigmoid", "Tanh", "Tanh"});
  const bool coupled = op.node.integer("input_forget", 0) != 0;
  // ONNX's gates are input, output, forget, cell; the library's input, forget, cell, output.
  if (r.usual && !coupled && !op.has(7)) return write_usual(op, r, "lstm", {0, 2, 3, 1}, true);
  write_steps(op, r, "lstm_steps", 4, true, {"P", truth(coupled), "False"});
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
void write_dynamic_quantize_lstm(Operation& op) {
  Recurrent r = read_recurrent(op, {"Sigmoid", "Tanh", "Tanh"});
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
  write_steps(op, r, "lstm_steps", 4, true,
              {"P", truth(op.node.integer("input_forget", 0) != 0), "True"});
}

void write_gru(Operation& op) {
  const Recurrent r = read_recurrent(op, {"Sigmoid", "Tanh"});
  const bool linear_before_reset = op.node.integer("linear_before_reset", 0) != 0;
  // ONNX's gates are update, reset, hidden; the library's reset, update, hidden.
  if (r.usual && linear_before_reset) return write_usual(op, r, "gru", {1, 0, 2}, false);
  write_steps(op, r, "gru_steps", 3, false, {truth(linear_before_reset)});
}

void write_rnn(Operation& op) {
  const Recurrent r = read_recurrent(op, {"Tanh"});
  if (r.usual) return write_usual(op, r, "rnn_tanh", {0}, false);
  write_steps(op, r, "rnn_steps", 1, false, {});
}

}  // namespace

void add_recurrent(Operators& table) {
  table["LSTM"] = write_lstm;
  table["com.microsoft.DynamicQuantizeLSTM"] = write_dynamic_quantize_lstm;
  table["GRU"] = write_gru;
  table["RNN"] = write_rnn;
}

}  // namespace dnnbench::pytorch
