// Products of matrices.
#include <fmt/format.h>

#include "operators.h"
#include "types.h"

namespace dnnbench::pytorch {
namespace {

void write_matmul(Operation& op) {
  // The library has no product of matrices of bool, and a slow one of integers, which is exact.
  op.out(fmt::format("torch.matmul({}, {})", op.in(0), op.in(1)));
}

// alpha * A' B' + beta * C. The forms that the library has fast kernels for come first.
void write_gemm(Operation& op) {
  const double alpha = op.node.number("alpha", 1), beta = op.node.number("beta", 1);
  const bool transposes_a = op.node.integer("transA", 0) != 0;
  const bool transposes_b = op.node.integer("transB", 0) != 0;
  const std::string a = transposes_a ? op.in(0) + ".t()" : op.in(0);
  const std::string b = transposes_b ? op.in(1) + ".t()" : op.in(1);
  const bool floating = is_floating_point(op.type(0));
  if (!op.has(2) || beta == 0) {
    const std::string product = fmt::format("torch.matmul({}, {})", a, b);
    return op.out(alpha == 1
                      ? product
                      : fmt::format("({} * {}).to({})", product, number(alpha), dtype(op.type(0))));
  }
  if (floating && alpha == 1 && beta == 1 && transposes_b && !transposes_a &&
      op.known_rank(2) == 1) {
    return op.out(fmt::format("torch.linear({}, {}, {})", a, op.in(1), op.in(2)));
  }
  // addmm takes no bias of another type and one number for integers.
  const auto scalar = [&](double value) {
    return floating ? number(value) : std::to_string(static_cast<int64_t>(value));
  };
  op.out(fmt::format("torch.addmm({}, {}, {}, beta={}, alpha={})", op.in(2), a, b, scalar(beta),
                     scalar(alpha)));
}

void write_einsum(Operation& op) {
  std::vector<std::string> operands;
  for (size_t i = 0; i < op.input_count(); ++i) operands.push_back(op.in(i));
  op.out(
      fmt::format("torch.einsum(\"{}\", {})", op.node.text("equation", ""), tensor_list(operands)));
}

void write_determinant(Operation& op) { op.out(fmt::format("torch.det({})", op.in(0))); }

}  // namespace

void add_matrix(Operators& table) {
  table["MatMul"] = write_matmul;
  table["Gemm"] = write_gemm;
  table["Einsum"] = write_einsum;
  table["Det"] = write_determinant;
}

}  // namespace dnnbench::pytorch
