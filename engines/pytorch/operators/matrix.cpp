// Products of matrices.
#include <fmt/format.h>

#include "operators.h"
#include "quantization.h"
#include "semantics/einsum.h"
#include "types.h"

namespace dnnbench::pytorch {
namespace {

void emit_matmul(Operation& op) {
  // The library has no product of matrices of bool, and a slow one of integers, which is exact.
  op.out(fmt::format("torch.matmul({}, {})", op.in(0), op.in(1)));
}

// alpha * A' B' + beta * C. Not by torch.addmm: what compares its result fails in the library's
// executor for most sizes, though it does for no other form.
void emit_gemm(Operation& op) {
  const double alpha = op.node.number("alpha", 1), beta = op.node.number("beta", 1);
  const std::string a = op.node.integer("transA", 0) != 0 ? op.in(0) + ".t()" : op.in(0);
  const bool transposes_b = op.node.integer("transB", 0) != 0;
  const std::string b = transposes_b ? op.in(1) + ".t()" : op.in(1);
  const bool has_bias = op.has(2) && beta != 0;
  const bool floating = is_floating_point(op.type(0));
  const auto weights_shape = op.shape(1);
  const bool has_columns =
      has_bias && weights_shape && op.shape(2) == Shape{(*weights_shape)[transposes_b ? 0 : 1]};
  if (has_columns && floating && alpha == 1 && beta == 1) {
    const std::string weights = transposes_b ? op.in(1) : op.in(1) + ".t()";
    return op.out(fmt::format("torch.linear({}, {}, {})", a, weights, op.in(2)));
  }
  const auto scaled = [&](const std::string& x, double factor) {
    const std::string text =
        floating ? number(factor) : std::to_string(static_cast<int64_t>(factor));
    return factor == 1 ? x : fmt::format("({} * {}).to({})", x, text, dtype(op.type(0)));
  };
  const std::string product = scaled(fmt::format("torch.matmul({}, {})", a, b), alpha);
  op.out(has_bias ? fmt::format("{} + {}", product, scaled(op.in(2), beta)) : product);
}

void emit_einsum(Operation& op) {
  std::vector<std::string> operands;
  for (size_t i = 0; i < op.input_count(); ++i) operands.push_back(op.in(i));
  op.out(fmt::format("torch.einsum(\"{}\", {})", semantics::read_einsum(op.node).equation(),
                     tensor_list(operands)));
}

void emit_determinant(Operation& op) { op.out(fmt::format("torch.det({})", op.in(0))); }

void emit_inverse(Operation& op) { op.out(fmt::format("torch.inverse({})", op.in(0))); }

// Weights of a few bits in blocks: B [N, blocks, bytes], scales, zero points.
void emit_matmul_bits(Operation& op) {
  const int64_t bits = op.node.integer("bits", 4);
  op.require(bits == 4 || bits == 8 || bits == 2, "weights of other than 2, 4 or 8 bits");
  op.require(!op.has(4), "its input g_idx");
  const std::string weights = op.let(
      op.call("weights_of_bits",
              {op.in(1), op.in(2), op.in_or(3, "None"), std::to_string(bits),
               std::to_string(op.node.integer("block_size", 32)),
               std::to_string(op.node.integer("N", 0)), std::to_string(op.node.integer("K", 0))}));
  const std::string product =
      fmt::format("torch.matmul({}, {}.t().to({}))", op.in(0), weights, dtype(op.type(0)));
  op.out(op.has(5) ? fmt::format("{} + {}", product, op.in(5)) : product);
}

void emit_matmul_integer(Operation& op) {
  op.out(fmt::format("torch.matmul({}, {}).to(3)", centred(op, 0, 2, -2), centred(op, 1, 3, -1)),
         DataType::kInt32);
}

}  // namespace

Operators matrix_operators() {
  Operators table;
  table["MatMul"] = emit_matmul;
  table["Gemm"] = emit_gemm;
  table["MatMulInteger"] = emit_matmul_integer;
  table["Einsum"] = emit_einsum;
  table["Det"] = emit_determinant;
  table["com.microsoft.Inverse"] = emit_inverse;
  table["com.microsoft.MatMulNBits"] = emit_matmul_bits;
  return table;
}

}  // namespace dnnbench::pytorch
