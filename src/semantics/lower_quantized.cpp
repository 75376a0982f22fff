// com.microsoft's operators on quantised tensors: what they compute between DequantizeLinear and
// QuantizeLinear, and products of integers.
#include <numeric>

#include "composite.h"
#include "core/error.h"

namespace dnnbench::semantics {
namespace {

// An input with its scale and zero point.
std::string dequantized(Composite& c, size_t index) {
  return c.add("DequantizeLinear", {c.in(index), c.in(index + 1), c.in(index + 2)});
}

// Quantised as the inputs at `scale` and after it say; without a zero point as that input is.
std::string quantized(Composite& c, const std::string& x, size_t scale, size_t like = 0) {
  const std::string zero = c.in(scale + 1);
  if (!zero.empty()) return c.add("QuantizeLinear", {x, c.in(scale), zero});
  return c.add("QuantizeLinear", {x, c.in(scale)},
               {{"output_dtype", static_cast<int64_t>(c.type(like))}});
}

// A, scale, zero, B, scale, zero, C_scale, C_zero
void binary(Composite& c) {
  const std::string op = c.node.op == "QLinearAdd" ? "Add" : "Mul";
  c.out(quantized(c, c.add(op, {dequantized(c, 0), dequantized(c, 3)}), 6));
}

// X, scale, zero, Y_scale, Y_zero
void sigmoid(Composite& c) { c.out(quantized(c, c.add("Sigmoid", {dequantized(c, 0)}), 3)); }

void leaky_relu(Composite& c) {
  const Attributes attributes{{"alpha", c.node.number("alpha", 0.01)}};
  c.out(quantized(c, c.add("LeakyRelu", {dequantized(c, 0)}, attributes), 3));
}

void global_average(Composite& c) {
  const int64_t first = c.node.integer("channels_last", 0) != 0 ? 1 : 2;
  Shape axes(static_cast<size_t>(c.rank(0) - 2));
  std::iota(axes.begin(), axes.end(), first);
  c.out(quantized(c, c.add("ReduceMean", {dequantized(c, 0), c.integers(axes)}), 3));
}

// Y_scale, Y_zero, then each tensor with its scale and zero point.
void concat(Composite& c) {
  std::vector<std::string> parts;
  for (size_t i = 2; i + 2 < c.node.inputs.size(); i += 3) parts.push_back(dequantized(c, i));
  const int64_t axis = c.node.integer("axis", 1);
  const Attributes attributes{{"axis", axis < 0 ? axis + c.rank(2) : axis}};
  c.out(quantized(c, c.add("Concat", parts, attributes), 0, 2));
}

// A product of integers times its scales, in f32, with a bias.
void scale_product(Composite& c, const std::string& product, const std::string& a_scale,
                   const std::string& b_scale, size_t bias) {
  const std::string factor = c.add("Mul", {a_scale, b_scale});
  const std::string y = c.add("Mul", {c.cast(product, DataType::kFloat32), factor});
  c.out(c.has(bias) ? c.add("Add", {y, c.in(bias)}) : y);
}

// A, B, a_scale, b_scale, a_zero, b_zero, bias
void matmul_integer_to_float(Composite& c) {
  std::string a_scale = c.in(2);
  if (c.rank(2) == 1 && c.shape(2)[0] != 1) a_scale = c.unsqueeze(a_scale, {1});
  scale_product(c, c.add("MatMulInteger", {c.in(0), c.in(1), c.in(4), c.in(5)}), a_scale, c.in(3),
                6);
}

// A float, quantised by its own range, times quantised weights: A, B, b_scale, b_zero, bias.
void dynamic_quantize_matmul(Composite& c) {
  c.add("DynamicQuantizeLinear", {c.in(0)});
  std::vector<std::string>& outputs = c.nodes().back().outputs;
  const std::string a = outputs[0];
  outputs.push_back(a + ":scale");
  outputs.push_back(a + ":zero");
  c.typed(a, DataType::kUint8, c.shape(0));
  c.typed(a + ":scale", DataType::kFloat32, {});
  c.typed(a + ":zero", DataType::kUint8, {});
  scale_product(c, c.add("MatMulInteger", {a, c.in(1), a + ":zero", c.in(3)}), a + ":scale",
                c.in(2), 4);
}

// A, scale, zero, B, scale, zero, C, y_scale, y_zero: integers, or floats without a y_scale. C is
// int32.
void gemm(Composite& c) {
  const auto side = [&](size_t index, const char* transposed) {
    if (c.node.integer(transposed, 0) == 0) return c.in(index);
    const Shape shape = c.shape(index);
    return c.typed(c.transpose(c.in(index), {1, 0}), c.type(index), {shape.at(1), shape.at(0)});
  };
  std::string sum =
      c.add("MatMulInteger", {side(0, "transA"), side(3, "transB"), c.in(2), c.in(5)});
  if (c.has(6)) sum = c.add("Add", {sum, c.in(6)});
  const std::string scales = c.add("Mul", {c.in(1), c.in(4)});
  const std::string factor = c.scaled(scales, c.node.number("alpha", 1), DataType::kFloat32);
  const std::string y = c.add("Mul", {c.cast(sum, DataType::kFloat32), factor});
  c.out(c.has(7) ? quantized(c, y, 7) : y);
}

}  // namespace

LowerTable lower_quantized() {
  return {
      {"com.microsoft.DynamicQuantizeMatMul", dynamic_quantize_matmul},
      {"com.microsoft.MatMulIntegerToFloat", matmul_integer_to_float},
      {"com.microsoft.QGemm", gemm},
      {"com.microsoft.QLinearAdd", binary},
      {"com.microsoft.QLinearConcat", concat},
      {"com.microsoft.QLinearGlobalAveragePool", global_average},
      {"com.microsoft.QLinearLeakyRelu", leaky_relu},
      {"com.microsoft.QLinearMul", binary},
      {"com.microsoft.QLinearSigmoid", sigmoid},
  };
}

}  // namespace dnnbench::semantics
