// Quantised operators. Products of 8-bit integers are summed in doubles, which hold them exactly.
#include "quantization.h"

#include <fmt/format.h>

#include <cmath>

#include "operators.h"
#include "types.h"
#include "windows.h"

namespace dnnbench::pytorch {
namespace {

// Scale or zero point, one for the tensor, an index of an axis or a block, made to broadcast.
std::string spread(Operation& op, size_t index, int64_t axis) {
  const int64_t block = op.node.integer("block_size", 0);
  const auto rank = op.known_rank(index);
  if (block > 0) {
    // The last block may be cut.
    return op.call("repeat_blocks", {op.in(index), std::to_string(block), std::to_string(axis),
                                     fmt::format("{}.size({})", op.in(0), axis)});
  }
  if (!rank) op.unsupported("the rank of its scale is not known");
  if (*rank == 0) return op.in(index);
  if (op.shape(index) && element_count(*op.shape(index)) == 1) return op.in(index) + ".reshape([])";
  Shape sizes(static_cast<size_t>(op.rank(0)), 1);
  sizes[static_cast<size_t>(op.axis(axis))] = -1;
  return fmt::format("{}.reshape({})", op.in(index), list(sizes));
}

DataType quantised_type(Operation& op) {
  if (op.has(2)) return op.type(2);
  const int64_t wanted = op.node.integer("output_dtype", 0);
  return wanted == 0 ? DataType::kUint8 : static_cast<DataType>(wanted);
}

void emit_quantize(Operation& op) {
  const DataType type = quantised_type(op);
  scalar_type(type);
  const int64_t axis = op.node.integer("axis", 1);
  const auto precision = static_cast<DataType>(op.node.integer("precision", 1));
  const std::string wide =
      dtype(precision == DataType::kUndefined ? DataType::kFloat32 : precision);
  const std::string scale = spread(op, 1, axis) + ".to(" + wide + ")";
  const std::string zero = op.has(2) ? spread(op, 2, axis) : "0";
  const std::string scaled = op.let(fmt::format("{}.to({}) / {}", op.in(0), wide, scale));
  op.out(quantised(scaled, zero, type), type);
}

void emit_dequantize(Operation& op) {
  const int64_t axis = op.node.integer("axis", 1);
  const int64_t wanted = op.node.integer("output_dtype", 0);
  const DataType type = wanted == 0 ? op.type(1) : static_cast<DataType>(wanted);
  std::string x = op.in(0) + ".to(3)";
  if (op.has(2)) x = fmt::format("({} - {}.to(3))", x, spread(op, 2, axis));
  op.out(fmt::format("({}.to(6) * {}.to(6)).to({})", x, spread(op, 1, axis), dtype(type)), type);
}

// (https://onnx.ai/onnx/operators/onnx__DynamicQuantizeLinear.html)
void emit_dynamic_quantize(Operation& op) {
  const std::string result = op.let(op.call("dynamic_quantize", {op.in(0)}));
  op.out(0, result + "[0]", DataType::kUint8);
  op.out(1, result + "[1]", DataType::kFloat32);
  op.out(2, result + "[2]", DataType::kUint8);
}

void emit_matmul_integer(Operation& op) {
  op.out(fmt::format("torch.matmul({}, {}).to(3)", centred(op, 0, 2, -2), centred(op, 1, 3, -1)),
         DataType::kInt32);
}

void emit_qlinear_matmul(Operation& op) {
  // a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero
  const std::string product =
      op.let(fmt::format("torch.matmul({}, {})", centred(op, 0, 2, -2), centred(op, 3, 5, -1)));
  const std::string scale = fmt::format("({} * {} / {})", along(op, 1, op.rank(0), -2),
                                        along(op, 4, op.rank(3), -1), op.in(6) + ".reshape([])");
  const std::string scaled = op.let(fmt::format("({}.to(6) * {}).to(6)", product, scale));
  op.out(quantised(scaled, op.in(7) + ".reshape([])", op.type(7)), op.type(7));
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
  const int bits = static_cast<int>(bit_width(type));
  const bool has_sign =
      type == DataType::kInt8 || type == DataType::kInt16 || type == DataType::kInt32;
  const double low = has_sign ? -std::ldexp(1, bits - 1) : 0;
  const double high = has_sign ? std::ldexp(1, bits - 1) - 1 : std::ldexp(1, bits) - 1;
  return fmt::format("torch.clamp(torch.round({}).to(7) + {}, {}, {}).to({})", scaled, zero,
                     number(low), number(high), dtype(type));
}

std::string along(Operation& op, size_t index, int64_t rank, int64_t axis) {
  if (op.known_rank(index) == 0) return op.in(index);
  if (op.rank(index) > 1) return op.in(index);
  Shape sizes(static_cast<size_t>(rank), 1);
  const auto at = static_cast<size_t>(axis < 0 ? axis + rank : axis);
  if (at >= sizes.size()) return op.in(index) + ".reshape([])";
  sizes[at] = -1;
  return fmt::format("{}.reshape({})", op.in(index), list(sizes));
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
  table["MatMulInteger"] = emit_matmul_integer;
  table["QLinearMatMul"] = emit_qlinear_matmul;
  table["QLinearConv"] = emit_qlinear_conv;
  table["com.microsoft.QuantizeLinear"] = emit_quantize;
  table["com.microsoft.DequantizeLinear"] = emit_dequantize;
  return table;
}

}  // namespace dnnbench::pytorch
