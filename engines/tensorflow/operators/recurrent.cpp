// LSTM, GRU and RNN. A short sequence is unrolled, a long one runs in a loop.
#include "semantics/recurrent.h"

#include "activation.h"
#include "core/error.h"
#include "operators.h"
#include "quantization.h"

namespace dnnbench::tf {
namespace {

// Turns that are written out one after the other; beyond, a loop costs less than it takes to build.
constexpr int64_t kMaxUnrolled = 64;

using Activations = std::vector<semantics::Activation>;

Out activated(Graph& g, Out x, const semantics::Activation& f) {
  const auto scalar = [&](double value) { return g.scalar_like(x, value); };
  if (f.function == "HardSigmoid") return hard_sigmoid(g, x, f.alpha, f.beta);
  if (f.function == "LeakyRelu") return leaky_relu(g, x, f.alpha);
  if (f.function == "Elu") return elu(g, x, f.alpha);
  if (f.function == "ThresholdedRelu") return thresholded_relu(g, x, f.alpha);
  if (f.function == "Affine") return g.add(g.mul(x, scalar(f.alpha)), scalar(f.beta));
  if (f.function == "ScaledTanh") {
    return g.mul(g.compute("Tanh", {g.mul(x, scalar(f.beta))}), scalar(f.alpha));
  }
  // The others are called as the library's operations are.
  return g.compute(f.function, {x});
}

// Of one direction; tensors of the graph that is being built or of a loop's body.
struct Weights {
  Out input;           // W [gates, input]
  Out recurrent;       // R [gates, hidden]
  Out bias;            // [gates], of both
  Out recurrent_bias;  // [gates], of R alone, where a GRU keeps it apart
  Out peepholes;       // [3 hidden]
};

struct Settings : semantics::Recurrent {
  int64_t hidden = 0;
  bool peepholes = false;
  // com.microsoft's: the state is quantised by its own range before it meets R. How many states of
  // a batch have a range together depends on ONNX Runtime's number of threads (`SetNumThreads` in
  // onnxruntime/core/providers/cpu/rnn/uni_directional_lstm.cc).
  bool quantized = false;
};

struct State {
  Out hidden;
  Out cell;  // of an LSTM
};

Outs split_gates(Graph& g, Out gates, int64_t count) {
  return g.call_all("Split", {g.int_scalar(1), gates}, {{"num_split", count}});
}

Out product(Graph& g, Out x, Out weights) {
  return g.compute("MatMul", {x, weights}, {{"transpose_b", true}});
}

Out clip(Graph& g, const Settings& s, Out x) {
  if (s.clip == 0) return x;
  return clipped(g, x, g.scalar_like(x, -s.clip), g.scalar_like(x, s.clip));
}

// Gates in the order i, o, f, c. `x` is W times the input, with the bias.
State lstm_turn(Graph& g, const Settings& s, const Weights& w, const Activations& f, Out x,
                const State& before) {
  const Out seen = s.quantized ? quantized_and_back(g, before.hidden) : before.hidden;
  const Outs gates = split_gates(g, g.add(x, product(g, seen, w.recurrent)), 4);
  Outs peepholes;
  if (s.peepholes)
    peepholes = g.call_all("Split", {g.int_scalar(0), w.peepholes}, {{"num_split", int64_t{3}}});
  const auto gate = [&](Out value, size_t peephole, Out cell) {
    if (s.peepholes) value = g.add(value, g.mul(peepholes[peephole], cell));
    return activated(g, clip(g, s, value), f[0]);
  };
  const Out input = gate(gates[0], 0, before.cell);
  const Out forget =
      s.input_forget ? g.sub(g.scalar_like(input, 1), input) : gate(gates[2], 2, before.cell);
  const Out candidate = activated(g, clip(g, s, gates[3]), f[1]);
  const Out cell = g.add(g.mul(forget, before.cell), g.mul(input, candidate));
  const Out output = gate(gates[1], 1, cell);
  return {g.mul(output, activated(g, cell, f[2])), cell};
}

// Gates in the order z, r, h. `x` has W's bias; of z and r R's too.
State gru_turn(Graph& g, const Settings& s, const Weights& w, const Activations& f, Out x,
               const State& before) {
  const Outs inputs = split_gates(g, x, 3);
  const Outs recurrent =
      g.call_all("Split", {g.int_scalar(0), w.recurrent}, {{"num_split", int64_t{3}}});
  const Outs biases =
      g.call_all("Split", {g.int_scalar(0), w.recurrent_bias}, {{"num_split", int64_t{3}}});
  const auto gate = [&](size_t i) {
    const Out sum = g.add(inputs[i], g.add(product(g, before.hidden, recurrent[i]), biases[i]));
    return activated(g, clip(g, s, sum), f[0]);
  };
  const Out update = gate(0), reset = gate(1);
  Out hidden;
  if (s.linear_before_reset) {
    hidden = g.mul(reset, g.add(product(g, before.hidden, recurrent[2]), biases[2]));
  } else {
    hidden = g.add(product(g, g.mul(reset, before.hidden), recurrent[2]), biases[2]);
  }
  const Out candidate = activated(g, clip(g, s, g.add(inputs[2], hidden)), f[1]);
  const Out one = g.scalar_like(update, 1);
  return {g.add(g.mul(g.sub(one, update), candidate), g.mul(update, before.hidden)), before.cell};
}

State rnn_turn(Graph& g, const Settings& s, const Weights& w, const Activations& f, Out x,
               const State& before) {
  const Out sum = g.add(x, product(g, before.hidden, w.recurrent));
  return {activated(g, clip(g, s, sum), f[0]), before.cell};
}

State turn(Graph& g, const Settings& s, const Weights& w, const Activations& f, Out x,
           const State& before) {
  if (s.has_cell()) return lstm_turn(g, s, w, f, x, before);
  if (s.gates == 3) return gru_turn(g, s, w, f, x, before);
  return rnn_turn(g, s, w, f, x, before);
}

struct Sequence {
  Out inputs;                  // [turns, batch, gates]: W times the inputs, with the bias
  std::optional<Out> lengths;  // int32[batch]; beyond them the state stays and the result is 0
  int64_t turns = 0;
  bool backward = false;
};

struct Results {
  Out all;  // [turns, batch, hidden]
  State last;
};

// After a sequence's end the state stays as it was.
State keep_finished(Graph& g, Out running, const State& now, const State& before) {
  return {g.select(running, now.hidden, before.hidden), g.select(running, now.cell, before.cell)};
}

Results run_unrolled(Graph& g, const Settings& s, const Weights& w, const Activations& f,
                     const Sequence& sequence, State state) {
  const Outs inputs =
      g.call_all("Unpack", {sequence.inputs}, {{"num", sequence.turns}, {"axis", int64_t{0}}});
  Outs outputs(static_cast<size_t>(sequence.turns));
  for (int64_t i = 0; i < sequence.turns; ++i) {
    const int64_t at = sequence.backward ? sequence.turns - 1 - i : i;
    State next = turn(g, s, w, f, inputs[static_cast<size_t>(at)], state);
    Out output = next.hidden;
    if (sequence.lengths) {
      const Out running = g.expand_dims(g.less(g.int_scalar(at), *sequence.lengths), 1);
      next = keep_finished(g, running, next, state);
      output = g.select(running, output, g.call("ZerosLike", {output}));
    }
    outputs[static_cast<size_t>(at)] = output;
    state = next;
  }
  return {g.call("Pack", {outputs}, {{"axis", int64_t{0}}}), state};
}

// Variables: turn, hidden, cell, results, inputs, lengths, weights.
Results run_loop(Graph& g, const Settings& s, const Weights& w, const Activations& f,
                 const Sequence& sequence, const State& state) {
  const TF_DataType type = Graph::type(state.hidden);
  const Shape element = g.shape(state.hidden);
  const Out list = g.call("TensorListReserve", {g.ints(element), g.int_scalar(sequence.turns)},
                          {{"element_dtype", type}});
  const Out lengths = sequence.lengths.value_or(g.ints({0}));
  const Outs variables{g.int_scalar(0), state.hidden, state.cell,       list,       sequence.inputs,
                       lengths,         w.recurrent,  w.recurrent_bias, w.peepholes};
  Shapes shapes;
  for (const Out variable : variables) shapes.push_back(g.find_shape(variable));
  const auto condition = [&](Graph& inner, const Outs& v) {
    return inner.less(v[0], inner.int_scalar(sequence.turns));
  };
  const auto body = [&](Graph& inner, const Outs& v) {
    const Out at = sequence.backward ? inner.sub(inner.int_scalar(sequence.turns - 1), v[0]) : v[0];
    const State before{v[1], v[2]};
    const Weights weights{{}, v[6], {}, v[7], v[8]};
    State next = turn(inner, s, weights, f, inner.gather(v[4], at, 0), before);
    Out output = next.hidden;
    if (sequence.lengths) {
      const Out running = inner.expand_dims(inner.less(at, v[5]), 1);
      next = keep_finished(inner, running, next, before);
      output = inner.select(running, output, inner.call("ZerosLike", {output}));
    }
    const Out results =
        inner.call("TensorListSetItem", {v[3], at, output}, {{"element_dtype", type}});
    return Outs{inner.add(v[0], inner.int_scalar(1)),
                next.hidden,
                next.cell,
                results,
                v[4],
                v[5],
                v[6],
                v[7],
                v[8]};
  };
  const Outs results = while_loop(g, variables, condition, body, shapes);
  const Out all = g.call("TensorListStack", {results[3], g.ints(element)},
                         {{"element_dtype", type}, {"num_elements", sequence.turns}});
  return {all, {results[1], results[2]}};
}

class Layer {
 public:
  explicit Layer(const Operation& op)
      : n_(op), g_(op.g), settings_{semantics::read_recurrent(op.node)} {
    const Shape x = op.static_shape(0);
    turns_ = x[settings_.batch_first ? 1 : 0];
    batch_ = x[settings_.batch_first ? 0 : 1];
    type_ = op.type(0);
    settings_.quantized = op.node.op == "DynamicQuantizeLSTM";
    if (settings_.quantized && batch_ != 1) {
      throw Unsupported(
          "ONNX Runtime computes a batch of it differently with each number of threads");
    }
    settings_.hidden = op.static_shape(2).at(settings_.quantized ? 1 : 2);
    settings_.peepholes = settings_.has_cell() && op.has(7);
  }

  void emit() {
    if (turns_ < 1) throw Unsupported("its sequence is empty");
    Out x = n_.in(0);
    if (settings_.batch_first) x = g_.transpose(x, {1, 0, 2});
    if (settings_.quantized) x = quantized_and_back(g_, without_ends(x));
    std::vector<Results> results;
    for (int64_t i = 0; i < settings_.directions; ++i) results.push_back(run(x, i));
    Outs all, hidden, cells;
    for (const Results& one : results) {
      all.push_back(one.all);
      hidden.push_back(one.last.hidden);
      cells.push_back(one.last.cell);
    }
    // [turns, directions, batch, hidden], or with the batch in front
    const Out y = g_.call("Pack", {all}, {{"axis", int64_t{1}}});
    n_.out(0, settings_.batch_first ? g_.transpose(y, {2, 0, 1, 3}) : y);
    const int64_t axis = settings_.batch_first ? 1 : 0;
    n_.out(1, g_.call("Pack", {hidden}, {{"axis", axis}}));
    if (n_.wants(2)) n_.out(2, g_.call("Pack", {cells}, {{"axis", axis}}));
  }

 private:
  Out of_direction(size_t input, int64_t direction) {
    return g_.gather(n_.in(input), g_.int_scalar(direction), 0);
  }

  // Zeros behind each sequence's end, which do not count for a range.
  Out without_ends(Out x) {
    if (!n_.has(4)) return x;
    const Out turns = g_.range(g_.int_scalar(0), g_.int_scalar(turns_), g_.int_scalar(1));
    const Out running = g_.less(g_.expand_dims(turns, 1), g_.cast(n_.in(4), TF_INT32));
    return g_.select(g_.expand_dims(running, 2), x, g_.call("ZerosLike", {x}));
  }

  // W or R. com.microsoft's are of 8 bits and turned, with a scale a direction or a gate.
  Out matrix(size_t input, int64_t direction) {
    const Out given = of_direction(input, direction);
    if (!settings_.quantized) return given;
    const size_t scale = input == 1 ? 8 : 10;
    const auto spread = [&](size_t parameter) {
      return g_.cast(g_.reshape(of_direction(parameter, direction), Shape{1, -1}), TF_FLOAT);
    };
    Out w = g_.cast(given, TF_FLOAT);
    if (n_.has(scale + 1)) w = g_.sub(w, spread(scale + 1));
    return g_.transpose(g_.mul(w, spread(scale)), {1, 0});
  }

  Out initial(size_t input, int64_t direction) {
    if (!n_.has(input))
      return g_.call("Fill", {g_.ints({batch_, settings_.hidden}), g_.scalar(type_, 0)});
    return g_.gather(n_.in(input), g_.int_scalar(direction), settings_.batch_first ? 1 : 0);
  }

  Weights weights(int64_t direction) {
    const int64_t size = settings_.gates * settings_.hidden;
    const Out zeros = g_.call("Fill", {g_.ints({size}), g_.scalar(type_, 0)});
    Weights w{matrix(1, direction), matrix(2, direction), zeros, zeros, zeros};
    if (n_.has(3)) {
      const Out both = of_direction(3, direction);
      const Out of_input = g_.slice(both, 0, 0, size),
                of_recurrent = g_.slice(both, 0, size, 2 * size);
      const bool apart = settings_.gates == 3;
      w.bias = apart ? of_input : g_.add(of_input, of_recurrent);
      w.recurrent_bias = of_recurrent;
    }
    if (settings_.peepholes) w.peepholes = of_direction(7, direction);
    return w;
  }

  Results run(Out x, int64_t direction) {
    const Weights w = weights(direction);
    // W times all inputs at once.
    const int64_t width = n_.static_shape(0)[2];
    const Out rows = product(g_, g_.reshape(x, Shape{-1, width}), w.input);
    const Out inputs =
        g_.reshape(g_.add(rows, w.bias), Shape{turns_, batch_, settings_.gates * settings_.hidden});
    Sequence sequence{inputs, std::nullopt, turns_, settings_.goes_backwards(direction)};
    if (n_.has(4)) sequence.lengths = g_.cast(n_.in(4), TF_INT32);
    State state{initial(5, direction), {}};
    state.cell = settings_.has_cell() ? initial(6, direction) : state.hidden;
    const Activations own = settings_.activations_of(direction);
    if (turns_ <= kMaxUnrolled) return run_unrolled(g_, settings_, w, own, sequence, state);
    return run_loop(g_, settings_, w, own, sequence, state);
  }

  const Operation& n_;
  Graph& g_;
  Settings settings_;
  int64_t turns_ = 0;
  int64_t batch_ = 0;
  TF_DataType type_ = TF_FLOAT;
};

void emit_layer(const Operation& op) { Layer(op).emit(); }

}  // namespace

Operators recurrent_operators() {
  return {
      {"GRU", emit_layer},
      {"LSTM", emit_layer},
      {"RNN", emit_layer},
      {"com.microsoft.DynamicQuantizeLSTM", emit_layer},
  };
}

}  // namespace dnnbench::tf
