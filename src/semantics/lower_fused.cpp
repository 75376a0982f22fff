// What com.microsoft fuses: products and convolutions with an activation, sums with a Gelu.
#include <algorithm>
#include <limits>
#include <numeric>

#include "composite.h"
#include "core/error.h"

namespace dnnbench::semantics {
namespace {

// The activation that a fused operator ends with. FusedConv has its parameters in a list, FusedGemm
// each by its name.
std::string activated(Composite& c, const std::string& x) {
  const std::string name = c.node.text("activation", "");
  const import::Attribute* list = c.node.attribute("activation_params");
  const auto parameter = [&](size_t index, double otherwise) {
    if (list != nullptr && index < list->floats.size()) return list->floats[index];
    return c.node.number(index == 0 ? "activation_alpha" : "activation_beta", otherwise);
  };
  if (name.empty()) return x;
  if (name == "Relu" || name == "Sigmoid" || name == "Tanh") return c.add(name, {x});
  if (name == "LeakyRelu") return c.add(name, {x}, {{"alpha", parameter(0, 0.01)}});
  if (name == "HardSigmoid") {
    return c.add(name, {x}, {{"alpha", parameter(0, 0.2)}, {"beta", parameter(1, 0.5)}});
  }
  if (name == "Clip") {
    const DataType type = c.type(0);
    constexpr double kLargest = std::numeric_limits<float>::max();
    return c.add(
        name, {x, c.number(parameter(0, -kLargest), type), c.number(parameter(1, kLargest), type)});
  }
  throw Unsupported("it has the activation " + name);
}

// x, weights, bias, and what is added before the activation.
void fused_conv(Composite& c) {
  Attributes attributes;
  for (const auto& [name, attribute] : c.node.attributes) {
    if (name == "auto_pad") attributes[name] = attribute.s;
    if (name == "group") attributes[name] = attribute.i;
    if (!attribute.ints.empty()) attributes[name] = attribute.ints;
  }
  std::string y = c.add("Conv", {c.in(0), c.in(1), c.in(2)}, attributes);
  if (c.has(3)) y = c.add("Add", {y, c.in(3)});
  c.out(activated(c, y));
}

void fused_gemm(Composite& c) {
  const Attributes attributes{{"alpha", c.node.number("alpha", 1)},
                              {"beta", c.node.number("beta", 1)},
                              {"transA", c.node.integer("transA", 0)},
                              {"transB", c.node.integer("transB", 0)}};
  c.out(activated(c, c.add("Gemm", {c.in(0), c.in(1), c.in(2)}, attributes)));
}

// The last two dimensions changed for each other.
std::string turned(Composite& c, size_t index) {
  Shape permutation(static_cast<size_t>(c.rank(index)));
  std::iota(permutation.begin(), permutation.end(), 0);
  if (permutation.size() < 2) return c.in(index);
  std::swap(permutation.back(), permutation[permutation.size() - 2]);
  return c.transpose(c.in(index), permutation);
}

void fused_matmul(Composite& c) {
  if (c.node.integer("transBatchA", 0) != 0 || c.node.integer("transBatchB", 0) != 0) {
    throw Unsupported("it transposes batches");
  }
  const auto side = [&](size_t index, const char* transposed) {
    return c.node.integer(transposed, 0) != 0 ? turned(c, index) : c.in(index);
  };
  const std::string product = c.add("MatMul", {side(0, "transA"), side(1, "transB")});
  c.out(c.scaled(product, c.node.number("alpha", 1), c.type(0)));
}

// Gelu, BiasGelu and FastGelu, the last of which takes the tangent and may lack the bias.
void gelu(Composite& c) {
  const std::string sum = c.has(1) ? c.add("Add", {c.in(0), c.in(1)}) : c.in(0);
  const std::string form = c.node.op == "FastGelu" ? "tanh" : "none";
  c.out(c.add("Gelu", {sum}, {{"approximate", form}}));
}

void quick_gelu(Composite& c) {
  c.out(c.add("Swish", {c.in(0)}, {{"alpha", c.node.number("alpha", 1.702)}}));
}

}  // namespace

LowerTable lower_fused() {
  return {
      {"com.microsoft.BiasGelu", gelu},
      {"com.microsoft.FastGelu", gelu},
      {"com.microsoft.FusedConv", fused_conv},
      {"com.microsoft.FusedGemm", fused_gemm},
      {"com.microsoft.FusedMatMul", fused_matmul},
      {"com.microsoft.Gelu", gelu},
      {"com.microsoft.QuickGelu", quick_gelu},
      {"com.microsoft.TransposeMatMul", fused_matmul},
  };
}

}  // namespace dnnbench::semantics
