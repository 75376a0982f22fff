#include "int8.h"

#include <algorithm>
#include <set>
#include <vector>

#include "quantised_graph.h"

namespace dnnbench::pytorch {
namespace {

using import::Constant;
using import::Node;

constexpr const char* kDomain = "onednn";
// What computes the same on 8-bit values as on those that they stand for, with one scale.
const std::set<std::string> kMoving{"Concat", "Flatten", "MaxPool",   "Reshape",  "Slice",
                                    "Split",  "Squeeze", "Transpose", "Unsqueeze"};
const std::set<std::string> kProducts{"Conv", "Gemm", "MatMul"};

void set(Node& node, const std::string& name, int64_t value) { node.attributes[name].i = value; }
void set(Node& node, const std::string& name, double value) { node.attributes[name].f = value; }

void set(Node& node, const std::string& prefix, const Affine& affine) {
  set(node, prefix + "scale", affine.scale);
  set(node, prefix + "zero_point", affine.zero_point);
}

class Fuser {
 public:
  explicit Fuser(import::Graph& graph)
      : graph_(graph), quantised_(graph), done_(graph.nodes.size(), false) {}

  Int8Fusion fuse() {
    for (size_t i = 0; i < done_.size(); ++i) {
      if (!done_[i]) fuse(i);
    }
    if (result_.products == 0) return result_;
    for (size_t i = 0; i < done_.size(); ++i) {
      if (!done_[i] && is(&node(i), "Add")) fuse_add(i);
    }
    for (size_t i = 0; i < done_.size(); ++i) {
      if (!done_[i]) simplify(i);
    }
    drop_unused();
    return result_;
  }

 private:
  Node& node(size_t i) { return graph_.nodes[i]; }
  const Node& node(size_t i) const { return graph_.nodes[i]; }

  void become(size_t i, const std::string& op, std::vector<std::string> inputs,
              const Ending& ending) {
    Node& made = node(i);
    made.op = op;
    made.domain = kDomain;
    made.inputs = std::move(inputs);
    made.outputs = {ending.value};
    made.attributes["activation"].s = ending.activation;
    set(made, "low", ending.low);
    set(made, "high", ending.high);
    if (ending.quantised) set(made, "y_", *ending.quantised);
    for (const size_t other : ending.nodes) done_[other] = true;
    done_[i] = true;
    quantised_.set_maker(ending.value, i);
  }

  void fuse(size_t i) {
    const Node& one = node(i);
    if (one.domain.empty() && kProducts.count(one.op) > 0) {
      fuse_product(i);
    } else if (is(&one, "MatMulInteger")) {
      fuse_dynamic(i);
    } else if (is(&one, "ConvInteger") || one.op.rfind("QLinear", 0) == 0) {
      leave(one, "this importer has it in the form of DequantizeLinear and QuantizeLinear only");
    }
  }

  void leave(const Node& one, const std::string& why) {
    if (!result_.left) result_.left = import::describe(one) + ": " + why;
  }

  void fuse_product(size_t i) {
    const Node& one = node(i);
    const Node* from = quantised_.maker(one.inputs[1]);
    const Constant* held =
        is(from, "DequantizeLinear") ? graph_.constant(from->inputs[0]) : nullptr;
    if (held == nullptr) return;  // its weights are f32
    const bool conv = one.op == "Conv";
    if (held->shape.size() != (conv ? 4 : 2)) {
      return leave(one,
                   "PyTorch's int8 operators take weights of rank 4 in convolutions, 2 in "
                   "matrix products");
    }
    const bool rows = conv || one.integer("transB", 0) != 0;
    const auto x = quantised_.dequantised(one.inputs[0]);
    const auto w = quantised_.weights(one.inputs[1], rows ? 0 : 1);
    if (!x || !w) {
      return leave(one,
                   "PyTorch's int8 operators take uint8 inputs with one scale, and symmetric "
                   "int8 weights with scales along the output's channels");
    }
    if (one.op == "Gemm" && (one.number("alpha", 1) != 1 || one.number("beta", 1) != 1 ||
                             one.integer("transA", 0) != 0)) {
      return leave(one, "alpha, beta or transA");
    }
    if (one.has_input(2) && !quantised_.is_bias(one.inputs[2], held->shape[rows ? 0 : 1])) {
      return leave(one, "its bias is not one number per channel");
    }
    std::vector<std::string> inputs{x->value, w->values, w->scales};
    if (one.has_input(2)) inputs.push_back(one.inputs[2]);
    become(i, conv ? "Conv" : "Linear", inputs, quantised_.ending_of(one.outputs[0], conv));
    set(node(i), "x_", *x);
    ++result_.products;
  }

  static const std::string& other_input(const Node& node, const std::string& value) {
    return node.inputs[node.inputs[0] == value ? 1 : 0];
  }

  struct ScaledProduct {
    size_t cast, multiply;  // nodes
    std::string scales;     // of the weights
  };

  // What follows MatMulInteger: Cast to f32, and Mul by the input's scale times those of the
  // weights.
  std::optional<ScaledProduct> scaled(const Node& product, const std::string& input_scale) const {
    const auto cast = quantised_.only_reader(product.outputs[0]);
    if (!cast || !is(&node(*cast), "Cast") ||
        node(*cast).integer("to", 0) != static_cast<int64_t>(DataType::kFloat32)) {
      return std::nullopt;
    }
    const std::string& sum = node(*cast).outputs[0];
    const auto multiply = quantised_.only_reader(sum);
    if (!multiply || !is(&node(*multiply), "Mul")) return std::nullopt;
    const Node* factor = quantised_.maker(other_input(node(*multiply), sum));
    if (!is(factor, "Mul") ||
        (factor->inputs[0] != input_scale && factor->inputs[1] != input_scale)) {
      return std::nullopt;
    }
    const std::string& scales = other_input(*factor, input_scale);
    const Constant* constant = graph_.constant(scales);
    const bool fits =
        constant != nullptr && constant->type == DataType::kFloat32 && constant->shape.size() <= 1;
    return fits ? std::optional(ScaledProduct{*cast, *multiply, scales}) : std::nullopt;
  }

  // A product of integers behind DynamicQuantizeLinear.
  void fuse_dynamic(size_t i) {
    const Node& one = node(i);
    const Node* quantize = quantised_.maker(one.inputs[0]);
    const Constant* held = graph_.constant(one.inputs[1]);
    const bool dynamic = is(quantize, "DynamicQuantizeLinear") && one.has_input(2) &&
                         one.inputs[2] == quantize->outputs[2];
    const bool fits = held != nullptr && held->shape.size() == 2 && held->type == DataType::kInt8 &&
                      quantised_.is_symmetric(one, 3);
    const auto product = dynamic ? scaled(one, quantize->outputs[1]) : std::nullopt;
    if (!fits || !product) {
      return leave(one,
                   "PyTorch's int8 operators take it behind DynamicQuantizeLinear, with symmetric "
                   "int8 weights, and before a product with both scales");
    }
    Ending ending;
    ending.value = node(product->multiply).outputs[0];
    ending.nodes = {product->cast, product->multiply};
    become(
        i, "DynamicLinear",
        {one.inputs[0], quantize->outputs[1], quantize->outputs[2], one.inputs[1], product->scales},
        ending);
    ++result_.products;
  }

  void fuse_add(size_t i) {
    const Node& one = node(i);
    const auto a = quantised_.dequantised(one.inputs[0]), b = quantised_.dequantised(one.inputs[1]);
    const Ending ending = quantised_.ending_of(one.outputs[0], false);
    if (!a || !b || !ending.quantised || !quantised_.same_shape(a->value, b->value)) return;
    become(i, "Add", {a->value, b->value}, ending);
    set(node(i), "a_", *a);
    set(node(i), "b_", *b);
  }

  void simplify(size_t i) {
    Node& one = node(i);
    const bool quantizes = is(&one, "QuantizeLinear");
    if (quantizes || is(&one, "DequantizeLinear")) {
      const auto found = quantised_.affine(one, one.outputs[0]);
      if (!found) return;
      Ending ending;
      ending.value = one.outputs[0];
      become(i, quantizes ? "Quantize" : "Dequantize", {one.inputs[0]}, ending);
      set(one, "", *found);
    } else if (one.domain.empty() && kMoving.count(one.op) > 0) {
      move_integers(i);
    }
  }

  // An operator that only moves values, on the integers themselves.
  void move_integers(size_t i) {
    Node& one = node(i);
    std::vector<Ending> endings;
    for (const std::string& output : one.outputs) {
      endings.push_back(quantised_.ending_of(output, false));
      const Ending& ending = endings.back();
      if (!ending.quantised || ending.activation != "none") return;
    }
    const size_t count = one.op == "Concat" ? one.inputs.size() : 1;
    std::vector<std::string> inputs = one.inputs;
    for (size_t input = 0; input < count; ++input) {
      const auto from = integers(one.inputs[input]);
      const bool same = from && std::all_of(endings.begin(), endings.end(), [&](const Ending& to) {
                          return from->same_scale(*to.quantised);
                        });
      if (!same) return;
      inputs[input] = from->value;
    }
    one.inputs = inputs;
    for (size_t output = 0; output < endings.size(); ++output) {
      one.outputs[output] = endings[output].value;
      done_[endings[output].nodes[0]] = true;
      quantised_.set_maker(one.outputs[output], i);
    }
  }

  // As dequantised, also where that has been rewritten.
  std::optional<Affine> integers(const std::string& value) const {
    const Node* made = quantised_.maker(value);
    if (made == nullptr || made->domain != kDomain || made->op != "Dequantize") {
      return quantised_.dequantised(value);
    }
    return Affine{made->inputs[0], made->number("scale", 1), made->integer("zero_point", 0)};
  }

  // Nodes that were taken into others, and those whose outputs nobody reads now.
  void drop_unused() {
    std::set<size_t> taken;
    for (size_t i = 0; i < done_.size(); ++i) {
      if (done_[i] && node(i).domain != kDomain) taken.insert(i);
    }
    std::set<std::string> read = quantised_.read_elsewhere();
    std::vector<Node> nodes;
    for (size_t i = done_.size(); i-- > 0;) {
      const std::vector<std::string>& outputs = node(i).outputs;
      const bool wanted = std::any_of(outputs.begin(), outputs.end(),
                                      [&](const auto& value) { return read.count(value) > 0; });
      if (taken.count(i) > 0 || !wanted) continue;
      read.insert(node(i).inputs.begin(), node(i).inputs.end());
      nodes.push_back(std::move(node(i)));
    }
    std::reverse(nodes.begin(), nodes.end());
    graph_.nodes = std::move(nodes);
  }

  import::Graph& graph_;
  QuantisedGraph quantised_;
  std::vector<bool> done_;
  Int8Fusion result_;
};

}  // namespace

Int8Fusion fuse_int8(import::Graph& graph) { return Fuser(graph).fuse(); }

}  // namespace dnnbench::pytorch
