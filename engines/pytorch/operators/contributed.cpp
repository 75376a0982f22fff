// Operators of ONNX Runtime's own that stock models carry, domain com.microsoft
// (https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md).
#include <fmt/format.h>

#include "operators.h"
#include "quantization.h"
#include "types.h"
#include "windows.h"

namespace dnnbench::pytorch {
namespace {

// The activation that a fused operator ends with. FusedConv has its parameters in a list, FusedGemm
// each by its name.
std::string activated(Operation& op, const std::string& x) {
  const std::string name = op.node.text("activation", "");
  const import::Attribute* parameters = op.node.attribute("activation_params");
  const auto parameter = [&](size_t index, double otherwise) {
    if (parameters != nullptr && index < parameters->floats.size()) {
      return number(parameters->floats[index]);
    }
    return number(op.node.number(index == 0 ? "activation_alpha" : "activation_beta", otherwise));
  };
  if (name.empty()) return x;
  if (name == "Relu") return fmt::format("torch.relu({})", x);
  if (name == "Sigmoid") return fmt::format("torch.sigmoid({})", x);
  if (name == "Tanh") return fmt::format("torch.tanh({})", x);
  if (name == "LeakyRelu") return fmt::format("torch.leaky_relu({}, {})", x, parameter(0, 0.01));
  if (name == "Clip")
    return fmt::format("torch.clamp({}, {}, {})", x, parameter(0, 0), parameter(1, 0));
  if (name == "HardSigmoid") {
    return fmt::format("torch.clamp({} * {} + {}, 0.0, 1.0)", x, parameter(0, 0.2),
                       parameter(1, 0.5));
  }
  op.unsupported("activation " + name);
}

void write_fused_conv(Operation& op) {
  const Windows windows = read_windows(op, kernel_of_weights(op, 1));
  std::string y = op.let(write_convolution(op, windows, op.in(0), op.in(1), op.in_or(2, "None")));
  if (op.has(3)) y = op.let(fmt::format("{} + {}", y, op.in(3)));
  op.out(activated(op, y));
}

void write_fused_matmul(Operation& op) {
  op.require(op.node.integer("transBatchA", 0) == 0 && op.node.integer("transBatchB", 0) == 0,
             "transposed batches");
  const auto side = [&](size_t index, const char* transposed) {
    return op.node.integer(transposed, 0) != 0 ? op.in(index) + ".transpose(-2, -1)" : op.in(index);
  };
  const std::string product =
      fmt::format("torch.matmul({}, {})", side(0, "transA"), side(1, "transB"));
  const double alpha = op.node.number("alpha", 1);
  op.out(alpha == 1 ? product : fmt::format("{} * {}", product, number(alpha)));
}

void write_fused_gemm(Operation& op) {
  const auto side = [&](size_t index, const char* transposed) {
    return op.node.integer(transposed, 0) != 0 ? op.in(index) + ".t()" : op.in(index);
  };
  std::string y = fmt::format("torch.matmul({}, {}) * {}", side(0, "transA"), side(1, "transB"),
                              number(op.node.number("alpha", 1)));
  if (op.has(2)) y += fmt::format(" + {} * {}", op.in(2), number(op.node.number("beta", 1)));
  op.out(activated(op, op.let(y)));
}

void write_bias_gelu(Operation& op) {
  op.out(fmt::format("torch.gelu({} + {})", op.in(0), op.in(1)));
}

void write_fast_gelu(Operation& op) {
  const std::string x = op.has(1) ? fmt::format("{} + {}", op.in(0), op.in(1)) : op.in(0);
  op.out(fmt::format("torch.gelu({}, approximate=\"tanh\")", x));
}

void write_quick_gelu(Operation& op) {
  op.out(fmt::format("{0} * torch.sigmoid({1} * {0})", op.in(0),
                     number(op.node.number("alpha", 1.702))));
}

// input, skip, gamma, beta, bias -> output, mean, inverse deviation, sum
void write_skip_layer_normalization(Operation& op) {
  std::string sum = fmt::format("{} + {}", op.in(0), op.in(1));
  if (op.has(4)) sum += " + " + op.in(4);
  sum = op.let(sum);
  op.require(!op.wants(1) && !op.wants(2), "outputs of mean and deviation");
  op.out(0, fmt::format("torch.layer_norm({}, [{}.size(-1)], {}, {}, {})", sum, sum, op.in(2),
                        op.in_or(3, "None"), number(op.node.number("epsilon", 1e-12))));
  op.out(3, sum);
}

// input, skip, gamma, bias -> output, mean, inverse deviation, sum
void write_skip_rms_normalization(Operation& op) {
  std::string sum = fmt::format("{} + {}", op.in(0), op.in(1));
  if (op.has(3)) sum += " + " + op.in(3);
  sum = op.let(sum);
  op.require(!op.wants(1) && !op.wants(2), "outputs of mean and deviation");
  op.out(0, fmt::format("({0} * torch.rsqrt(torch.mean({0} * {0}, [-1], True) + {1})) * {2}", sum,
                        number(op.node.number("epsilon", 1e-6)), op.in(2)));
  op.out(3, sum);
}

// x, positions, cosines, sines; ONNX's has the positions last. One position is where the first
// token stands.
void write_rotary_embedding(Operation& op) {
  op.require(op.rank(1) == 2, "positions that are an offset");
  const bool flat = op.rank(0) == 3;
  const int64_t rotated = op.node.integer("rotary_embedding_dim", 0);
  int64_t heads = op.node.integer("num_heads", 0);
  if (heads == 0 && flat) heads = op.size(0, 2) / (2 * op.size(2, 1));
  op.out(op.call("rotary_embedding",
                 {op.in(0), op.in(2), op.in(3), op.in(1) + ".to(4)", std::to_string(heads),
                  std::to_string(rotated), truth(op.node.integer("interleaved", 0) != 0)}));
}

// Weights of a few bits in blocks: B [N, blocks, bytes], scales, zero points.
void write_matmul_bits(Operation& op) {
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

// A float, quantised on the way, times quantised weights: A, B, b_scale, b_zero, bias.
void write_dynamic_quantize_matmul(Operation& op) {
  const std::string a = op.let(op.call("dynamic_quantize", {op.in(0)}));
  const std::string left = op.let(fmt::format("{0}[0].to(7) - {0}[2].to(7)", a));
  std::string y = fmt::format("torch.matmul({}, {}).to(6) * ({}[1] * {})", left,
                              centred(op, 1, 3, -1), a, op.in(2));
  if (op.has(4)) y += " + " + op.in(4);
  op.out(y);
}

// A, B, a_scale, b_scale, a_zero, b_zero, bias
void write_matmul_integer_to_float(Operation& op) {
  std::string y = fmt::format("torch.matmul({}, {}).to(6) * ({} * {})", centred(op, 0, 4, -2),
                              centred(op, 1, 5, -1), op.in(2), op.in(3));
  if (op.has(6)) y += " + " + op.in(6);
  op.out(y);
}

std::string real(Operation& op, size_t index) {
  std::string x = op.in(index) + ".to(6)";
  if (op.has(index + 2)) x = fmt::format("({} - {}.to(6))", x, op.in(index + 2));
  return fmt::format("({} * {})", x, op.in(index + 1));
}

void set_quantised(Operation& op, const std::string& y, size_t scale) {
  const DataType type = op.type(0);
  const std::string zero = op.has(scale + 1) ? op.in(scale + 1) : "0";
  op.out(quantised(fmt::format("({}) / {}", y, op.in(scale)), zero, type), type);
}

// A, scale, zero, B, scale, zero, C_scale, C_zero
void write_qlinear_binary(Operation& op, const char* sign) {
  set_quantised(op, fmt::format("{} {} {}", real(op, 0), sign, real(op, 3)), 6);
}

// X, scale, zero, Y_scale, Y_zero
void write_qlinear_unary(Operation& op, const std::string& function) {
  set_quantised(op, fmt::format(fmt::runtime(function), real(op, 0)), 3);
}

void write_qlinear_global_average(Operation& op) {
  const bool last = op.node.integer("channels_last", 0) != 0;
  Shape axes;
  for (int64_t i = 2; i < op.rank(0); ++i) axes.push_back(last ? i - 1 : i);
  set_quantised(op, fmt::format("torch.mean({}, {}, True)", real(op, 0), list(axes)), 3);
}

// Y_scale, Y_zero, then each tensor with its scale and zero.
void write_qlinear_concat(Operation& op) {
  std::vector<std::string> parts;
  for (size_t i = 2; i + 2 < op.input_count(); i += 3) parts.push_back(op.let(real(op, i)));
  const std::string y =
      op.let(fmt::format("torch.cat({}, {})", tensor_list(parts), op.node.integer("axis", 0)));
  op.out(quantised(fmt::format("{} / {}", y, op.in(0)), op.in(1), op.type(1)), op.type(1));
}

// A, scale, zero, B, scale, zero, C, y_scale, y_zero: integers, or floats without a y_scale. C is
// int32.
void write_qgemm(Operation& op) {
  const auto side = [&](size_t index, int64_t kept, const char* transposed) {
    const bool turned = op.node.integer(transposed, 0) != 0;
    const std::string x = centred(op, index, index + 2, turned ? -3 - kept : kept);
    return turned ? x + ".t()" : x;
  };
  std::string sum =
      fmt::format("torch.matmul({}, {})", side(0, -2, "transA"), side(3, -1, "transB"));
  if (op.has(6)) sum += fmt::format(" + {}.to(7)", op.in(6));
  const std::string y = op.let(fmt::format("({}).to(6) * ({} * {} * {})", sum, op.in(1), op.in(4),
                                           number(op.node.number("alpha", 1))));
  if (!op.has(7)) return op.out(y, DataType::kFloat32);
  set_quantised(op, y, 7);
}

}  // namespace

void add_contributed(Operators& table) {
  Operators ours{
      {"FusedConv", write_fused_conv},
      {"FusedGemm", write_fused_gemm},
      {"FusedMatMul", write_fused_matmul},
      {"TransposeMatMul", write_fused_matmul},
      {"BiasGelu", write_bias_gelu},
      {"FastGelu", write_fast_gelu},
      {"QuickGelu", write_quick_gelu},
      {"Gelu", [](Operation& op) { op.out(fmt::format("torch.gelu({})", op.in(0))); }},
      {"SkipLayerNormalization", write_skip_layer_normalization},
      {"SkipSimplifiedLayerNormalization", write_skip_rms_normalization},
      {"Inverse", [](Operation& op) { op.out(fmt::format("torch.inverse({})", op.in(0))); }},
      {"MatMulNBits", write_matmul_bits},
      {"RotaryEmbedding", write_rotary_embedding},
      {"DynamicQuantizeMatMul", write_dynamic_quantize_matmul},
      {"MatMulIntegerToFloat", write_matmul_integer_to_float},
      {"QGemm", write_qgemm},
      {"QLinearAdd", [](Operation& op) { write_qlinear_binary(op, "+"); }},
      {"QLinearMul", [](Operation& op) { write_qlinear_binary(op, "*"); }},
      {"QLinearSigmoid", [](Operation& op) { write_qlinear_unary(op, "torch.sigmoid({})"); }},
      {"QLinearLeakyRelu",
       [](Operation& op) {
         write_qlinear_unary(op,
                             "torch.leaky_relu({}, " + number(op.node.number("alpha", 0.01)) + ")");
       }},
      {"QLinearGlobalAveragePool", write_qlinear_global_average},
      {"QLinearConcat", write_qlinear_concat},
  };
  for (const auto& [name, write] : ours) table["com.microsoft." + name] = write;
}

}  // namespace dnnbench::pytorch
