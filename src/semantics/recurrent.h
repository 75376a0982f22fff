// LSTM, GRU and RNN in plain numbers (https://onnx.ai/onnx/operators/onnx__LSTM.html),
// com.microsoft's DynamicQuantizeLSTM too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "import/graph.h"

namespace dnnbench::semantics {

// f(x), with parameters that only some functions have.
struct Activation {
  // Sigmoid, Tanh, Relu, Softplus, Softsign, HardSigmoid (clip(alpha x + beta, 0, 1)), LeakyRelu,
  // Elu, ThresholdedRelu, Affine (alpha x + beta) or ScaledTanh (alpha tanh(beta x)).
  std::string function;
  double alpha = 0;
  double beta = 0;

  bool operator==(const Activation&) const = default;
};

struct Recurrent {
  int64_t gates = 1;       // 4 of an LSTM, 3 of a GRU, 1 of an RNN
  int64_t directions = 1;  // of "bidirectional" 2, the second of which goes backwards
  bool reverse = false;    // the only direction goes backwards
  bool batch_first = false;
  // Those of the first direction, then those of the second.
  std::vector<Activation> activations;
  bool has_usual_activations = false;
  double clip = 0;  // 0: none
  bool input_forget = false;
  bool linear_before_reset = false;

  bool has_cell() const { return gates == 4; }
  bool goes_backwards(int64_t direction) const { return reverse || direction == 1; }
  std::vector<Activation> activations_of(int64_t direction) const;
};

// Names of activations are matched without case, as ONNX Runtime does. Throws Unsupported for an
// unknown direction or activation, and for a parameter that is left to a default on which ONNX and
// ONNX Runtime disagree.
Recurrent read_recurrent(const import::Node& node);

}  // namespace dnnbench::semantics
