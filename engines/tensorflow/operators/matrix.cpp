// Matrix products.
#include "matrix.h"

#include <algorithm>

#include "core/error.h"
#include "operators.h"
#include "semantics/einsum.h"
#include "semantics/quantization.h"

namespace dnnbench::tf {

// The type in which products of these are exact enough and for which there is a kernel.
static TF_DataType product_type(TF_DataType type) {
  switch (type) {
    case TF_UINT32:
      return TF_INT64;
    case TF_UINT64:
      return TF_INT64;  // the low 64 bits are the same
    case TF_INT8:
    case TF_UINT8:
    case TF_INT16:
    case TF_UINT16:
      return TF_INT32;
    default:
      return type;
  }
}

Out matrix_product(Graph& g, Out a, Out b, bool transpose_a, bool transpose_b) {
  const TF_DataType given = Graph::type(a);
  const TF_DataType type = product_type(given);
  a = g.cast(a, type);
  b = g.cast(b, type);
  const size_t a_rank = g.rank(a), b_rank = g.rank(b);
  if (a_rank == 2 && b_rank == 2) {
    return g.cast(
        g.compute("MatMul", {a, b}, {{"transpose_a", transpose_a}, {"transpose_b", transpose_b}}),
        given);
  }
  // One matrix for the whole batch: rows of the batch are rows of one matrix.
  const Shape a_shape = g.shape(a);
  const bool known = std::count(a_shape.begin(), a_shape.end(), -1) == 0;
  if (b_rank == 2 && !transpose_a && known) {
    const Out rows = g.reshape(a, Shape{-1, a_shape.back()});
    const Out product = g.compute("MatMul", {rows, b}, {{"transpose_b", transpose_b}});
    Shape shape = a_shape;
    shape.back() = g.shape(product)[1];
    if (dnnbench::element_count(a_shape) > 0) return g.cast(g.reshape(product, shape), given);
  }
  return g.cast(
      g.compute("BatchMatMulV2", {a, b}, {{"adj_x", transpose_a}, {"adj_y", transpose_b}}), given);
}

Out numpy_matmul(Graph& g, Out a, Out b) {
  const size_t a_rank = g.rank(a), b_rank = g.rank(b);
  if (a_rank == 0 || b_rank == 0) throw Unsupported("a matrix product takes no scalars");
  if (a_rank == 1) a = g.expand_dims(a, 0);
  if (b_rank == 1) b = g.expand_dims(b, 1);
  Out product = matrix_product(g, a, b, false, false);
  if (b_rank == 1) product = g.squeeze(product, {-1});
  if (a_rank == 1) product = g.squeeze(product, {b_rank == 1 ? -1 : -2});
  return product;
}

namespace {

void emit_matmul(const Operation& op) { op.out(numpy_matmul(op.g, op.in(0), op.in(1))); }

Out scaled(Graph& g, Out x, double factor) {
  return factor == 1 ? x : g.mul(x, g.scalar_like(x, factor));
}

void emit_gemm(const Operation& op) {
  Graph& g = op.g;
  Out y = matrix_product(g, op.in(0), op.in(1), op.integer("transA", 0) != 0,
                         op.integer("transB", 0) != 0);
  const double alpha = op.number("alpha", 1), beta = op.number("beta", 1);
  y = scaled(g, y, alpha);
  if (op.has(2) && beta != 0) {
    Out c = scaled(g, op.in(2), beta);
    const int64_t columns = g.shape(y)[1];
    // One row, too: fused as a sum, it is refused by one of the library's kernels.
    const auto shape = g.find_shape(c);
    const bool is_bias = columns > 0 && (shape == Shape{columns} || shape == Shape{1, columns});
    if (is_bias && shape->size() == 2) c = g.reshape(c, Shape{columns});
    y = is_bias ? g.compute("BiasAdd", {y, c}) : g.add(y, c);
  }
  op.out(y);
}

// An input as int32, less its zero point, if any: one, or as many as that axis has.
Out centred(const Operation& op, size_t input, size_t zero, int64_t axis) {
  Graph& g = op.g;
  const Out x = g.cast(op.in(input), TF_INT32);
  if (!op.has(zero)) return x;
  const Out point = g.cast(op.in(zero), TF_INT32);
  const auto shape = semantics::broadcast_shape(op.shape(zero), op.rank(input), axis);
  return g.sub(x, shape ? g.reshape(point, *shape) : point);
}

void emit_matmul_integer(const Operation& op) {
  op.out(numpy_matmul(op.g, centred(op, 0, 2, -2), centred(op, 1, 3, -1)));
}

// TensorFlow sums over at most two operands at once: more are taken in one after the other.
void emit_einsum(const Operation& op) {
  Graph& g = op.g;
  semantics::Einsum einsum = semantics::read_einsum(op.node);
  std::vector<semantics::EinsumTerm>& terms = einsum.operands;
  const TF_DataType given = op.type(0);
  Outs operands;
  for (const Out operand : op.ins()) operands.push_back(g.cast(operand, product_type(given)));
  const auto sum = [&](const Outs& some, const semantics::Einsum& of) {
    return g.call("Einsum", {some}, {{"equation", of.equation()}});
  };
  while (operands.size() > 2) {
    std::vector<semantics::EinsumTerm> needed(terms.begin() + 2, terms.end());
    needed.push_back(einsum.output);
    const semantics::Einsum pair{{terms[0], terms[1]},
                                 semantics::pair_output(terms[0], terms[1], needed)};
    operands[1] = sum({operands[0], operands[1]}, pair);
    terms[1] = pair.output;
    operands.erase(operands.begin());
    terms.erase(terms.begin());
  }
  op.out(g.cast(sum(operands, einsum), given));
}

void emit_det(const Operation& op) { op.out(op.g.compute("MatrixDeterminant", {op.in(0)})); }

void emit_inverse(const Operation& op) { op.out(op.g.compute("MatrixInverse", {op.in(0)})); }

// com.microsoft.MatMulNBits: b is [N, blocks, bytes], of 4 or 8 bits with one scale per block. The
// weights are made whole here, so the session computes with them as f32.
void emit_matmul_bits(const Operation& op) {
  const int64_t bits = op.integer("bits", 4), block = op.integer("block_size", 0);
  const int64_t rows = op.integer("K", 0), columns = op.integer("N", 0);
  if ((bits != 4 && bits != 8) || block <= 0)
    throw Unsupported("its weights have other than 4 or 8 bits");
  if (op.has(4)) throw Unsupported("its groups are indexed");
  const import::Constant* packed = op.constant(1);
  if (packed == nullptr) throw Unsupported("its weights are not constant");
  const std::vector<double> scales = op.numbers(2, "scales");
  const int64_t blocks = (rows + block - 1) / block;
  const int64_t block_bytes = block * bits / 8;
  const import::Constant* zeros = op.has(3) ? op.constant(3) : nullptr;
  if (op.has(3) && (zeros == nullptr || zeros->type != DataType::kUint8)) {
    throw Unsupported("its zero points are not constant bytes");
  }
  const auto unpack = [&](const std::byte* bytes, int64_t i) {
    if (bits == 8) return static_cast<int>(bytes[i]);
    const int both = static_cast<int>(bytes[i / 2]);
    return i % 2 == 0 ? both & 15 : both >> 4;
  };
  const int64_t zero_bytes = bits == 8 ? blocks : (blocks + 1) / 2;
  std::vector<double> values(static_cast<size_t>(rows * columns));
  for (int64_t column = 0; column < columns; ++column) {
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t b = row / block;
      const std::byte* start = packed->bytes.data() + (column * blocks + b) * block_bytes;
      const int zero =
          zeros == nullptr ? 1 << (bits - 1) : unpack(zeros->bytes.data() + column * zero_bytes, b);
      values[static_cast<size_t>(row * columns + column)] =
          (unpack(start, row % block) - zero) * scales[static_cast<size_t>(column * blocks + b)];
    }
  }
  Graph& g = op.g;
  Out y = matrix_product(g, op.in(0), g.floats(op.type(0), {rows, columns}, values), false, false);
  if (op.has(5)) y = g.add(y, op.in(5));
  op.out(y);
}

}  // namespace

Operators matrix_operators() {
  return {
      {"Det", emit_det},
      {"Einsum", emit_einsum},
      {"Gemm", emit_gemm},
      {"MatMul", emit_matmul},
      {"MatMulInteger", emit_matmul_integer},
      {"com.microsoft.Inverse", emit_inverse},
      {"com.microsoft.MatMulNBits", emit_matmul_bits},
  };
}

}  // namespace dnnbench::tf
