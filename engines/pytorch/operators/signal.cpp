// Signal processing.
#include <fmt/format.h>

#include "operators.h"
#include "types.h"

namespace dnnbench::pytorch {
namespace {

void emit_dft(Operation& op) {
  const bool axis_is_input = op.node.opset >= 20;
  const std::string axis = axis_is_input ? (op.has(2) ? op.int_scalar(2) : "-2")
                                         : std::to_string(op.node.integer("axis", 1));
  const std::string length = op.has(1) ? op.int_scalar(1) : "-1";
  op.out(op.call("fourier", {op.in(0), axis, length, truth(op.node.integer("inverse", 0) != 0),
                             truth(op.node.integer("onesided", 0) != 0)}));
}

void emit_stft(Operation& op) {
  // signal, frame_step, window, frame_length
  const std::string window = op.in_or(2, "None");
  const std::string length = op.has(3) ? op.int_scalar(3) : fmt::format("{}.size(0)", op.in(2));
  op.out(op.call("short_time_fourier", {op.in(0), op.int_scalar(1), window, length,
                                        truth(op.node.integer("onesided", 1) != 0)}));
}

// a0 - a1 cos(2 pi n / N) + a2 cos(4 pi n / N)
void emit_window(Operation& op, double a0, double a1, double a2) {
  const auto type = static_cast<DataType>(op.node.integer("output_datatype", 1));
  op.out(op.call("cosine_window", {op.int_scalar(0), truth(op.node.integer("periodic", 1) != 0),
                                   number(a0), number(a1), number(a2)}) +
             fmt::format(".to({})", dtype(type)),
         type);
}

void emit_mel_weights(Operation& op) {
  const auto type = static_cast<DataType>(op.node.integer("output_datatype", 1));
  op.out(op.call("mel_weights", {op.int_scalar(0), op.int_scalar(1), op.int_scalar(2),
                                 op.float_scalar(3), op.float_scalar(4)}) +
             fmt::format(".to({})", dtype(type)),
         type);
}

}  // namespace

Operators signal_operators() {
  Operators table;
  table["DFT"] = emit_dft;
  table["STFT"] = emit_stft;
  table["HannWindow"] = [](Operation& op) { emit_window(op, 0.5, 0.5, 0); };
  table["HammingWindow"] = [](Operation& op) { emit_window(op, 25.0 / 46, 21.0 / 46, 0); };
  table["BlackmanWindow"] = [](Operation& op) { emit_window(op, 0.42, 0.5, 0.08); };
  table["MelWeightMatrix"] = emit_mel_weights;
  return table;
}

}  // namespace dnnbench::pytorch
