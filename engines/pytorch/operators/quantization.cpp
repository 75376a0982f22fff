// Quantised operators. Products of 8-bit integers are summed in doubles, which hold them exactly.
#include "quantization.h"

#include <fmt/format.h>

#include "operators.h"
#include "semantics/quantization.h"
#include "types.h"
#include "windows.h"

namespace dnnbench::pytorch {
namespace {

using semantics::Quantization;

Quantization read_quantization(Operation& op) {
  const std::optional<Shape>& scale = op.variable(1).type.shape;
  if (!scale) op.unsupported("the rank of its scale is not known");
  std::optional<size_t> rank;
  if (const auto known = op.known_rank(0)) rank = static_cast<size_t>(*known);
  return semantics::read_quantization(op.node, rank, *scale);
}

// A scalar is one already.
std::string reshaped(Operation& op, size_t index, const Shape& shape) {
  if (shape.empty() && op.known_rank(index) == 0) return op.in(index);
  return fmt::format("{}.reshape({})", op.in(index), list(shape));
}

// Scale or zero point, made to broadcast.
std::string spread(Operation& op, size_t index, const Quantization& quantization) {
  const int64_t axis = quantization.axis;
  switch (quantization.granularity) {
    case Quantization::Granularity::kTensor:
      return reshaped(op, index, {});
    case Quantization::Granularity::kAxis: {
      Shape sizes(static_cast<size_t>(op.rank(0)), 1);
      sizes[static_cast<size_t>(axis)] = -1;
      return reshaped(op, index, sizes);
    }
    case Quantization::Granularity::kBlocks:
      break;
  }
  return op.call("repeat_blocks",
                 {op.in(index), std::to_string(quantization.block_size), std::to_string(axis),
                  fmt::format("{}.size({})", op.in(0), axis)});
}

void emit_quantize(Operation& op) {
  const DataType type =
      semantics::quantized_type(op.node, op.has(2) ? std::optional(op.type(2)) : std::nullopt);
  scalar_type(type);
  const Quantization quantization = read_quantization(op);
  const std::string wide = dtype(semantics::division_type(op.node));
  const std::string scale = spread(op, 1, quantization) + ".to(" + wide + ")";
  const std::string zero = op.has(2) ? spread(op, 2, quantization) : "0";
  const std::string scaled = op.let(fmt::format("{}.to({}) / {}", op.in(0), wide, scale));
  op.out(quantised(scaled, zero, type), type);
}

void emit_dequantize(Operation& op) {
  const Quantization quantization = read_quantization(op);
  const DataType type = semantics::dequantized_type(op.node, op.type(1));
  std::string x = op.in(0) + ".to(3)";
  if (op.has(2)) x = fmt::format("({} - {}.to(3))", x, spread(op, 2, quantization));
  op.out(fmt::format("({}.to(6) * {}.to(6)).to({})", x, spread(op, 1, quantization), dtype(type)),
         type);
}

// (https://onnx.ai/onnx/operators/onnx__DynamicQuantizeLinear.html)
void emit_dynamic_quantize(Operation& op) {
  const std::string result = op.let(op.call("dynamic_quantize", {op.in(0)}));
  op.out(0, result + "[0]", DataType::kUint8);
  op.out(1, result + "[1]", DataType::kFloat32);
  op.out(2, result + "[2]", DataType::kUint8);
}

void emit_qlinear_matmul(Operation& op) {
  // a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero
  const std::string product =
      op.let(fmt::format("torch.matmul({}, {})", centred(op, 0, 2, -2), centred(op, 3, 5, -1)));
  const std::string scale = fmt::format("({} * {} / {})", along(op, 1, op.rank(0), -2),
                                        along(op, 4, op.rank(3), -1), along(op, 6, op.rank(0), -2));
  const std::string scaled = op.let(fmt::format("({}.to(6) * {}).to(6)", product, scale));
  op.out(quantised(scaled, along(op, 7, op.rank(0), -2), op.type(7)), op.type(7));
}

void emit_qlinear_conv(Operation& op) {
  // x, x_scale, x_zero, w, w_scale, w_zero, y_scale, y_zero, bias
  const Windows windows = read_windows(op, kernel_of_weights(op, 3));
  const std::string x = op.let(centred(op, 0, 2, 1)), w = op.let(centred(op, 3, 5, 0));
  const std::string bias = op.has(8) ? op.in(8) + ".to(7)" : "None";
  const std::string sum = op.let(emit_convolution(op, windows, x, w, bias));
  const std::string scale = fmt::format("({} * {} / {})", op.in(1) + ".reshape([])",
                                        along(op, 4, op.rank(0), 1), op.in(6) + ".reshape([])");
  const std::string scaled = op.let(fmt::format("{}.to(6) * {}", sum, scale));
  op.out(quantised(scaled, op.in(7) + ".reshape([])", op.type(7)), op.type(7));
}

}  // namespace

std::string quantised(const std::string& scaled, const std::string& zero, DataType type) {
  const semantics::QuantizedRange range = semantics::quantized_range(type);
  return fmt::format("torch.clamp(torch.round({}).to(7) + {}, {}, {}).to({})", scaled, zero,
                     number(range.min), number(range.max), dtype(type));
}

std::string along(Operation& op, size_t index, int64_t rank, int64_t axis) {
  op.rank(index);
  const auto shape =
      semantics::broadcast_shape(*op.variable(index).type.shape, static_cast<size_t>(rank), axis);
  return shape ? reshaped(op, index, *shape) : op.in(index);
}

std::string centred(Operation& op, size_t index, size_t zero, int64_t axis) {
  if (!op.has(zero)) return op.in(index) + ".to(7)";
  return fmt::format("({}.to(7) - {}.to(7))", op.in(index), along(op, zero, op.rank(index), axis));
}

Operators quantization_operators() {
  Operators table;
  table["QuantizeLinear"] = emit_quantize;
  table["DequantizeLinear"] = emit_dequantize;
  table["DynamicQuantizeLinear"] = emit_dynamic_quantize;
  table["QLinearMatMul"] = emit_qlinear_matmul;
  table["QLinearConv"] = emit_qlinear_conv;
  table["com.microsoft.QuantizeLinear"] = emit_quantize;
  table["com.microsoft.DequantizeLinear"] = emit_dequantize;
  return table;
}

}  // namespace dnnbench::pytorch
