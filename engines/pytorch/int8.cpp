#include "int8.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "import/graph_walk.h"

namespace dnnbench::pytorch {
namespace {

using import::Constant;
using import::Node;

constexpr const char* kDomain = "onednn";
// What computes the same on 8-bit values as on those that they stand for, with one scale.
const std::set<std::string> kMoving{"Concat", "Flatten", "MaxPool",   "Reshape",  "Slice",
                                    "Split",  "Squeeze", "Transpose", "Unsqueeze"};
const std::set<std::string> kProducts{"Conv", "Gemm", "MatMul"};

struct Affine {
  std::string value;  // uint8
  double scale = 1;
  int64_t zero_point = 0;

  bool same_scale(const Affine& other) const {
    return scale == other.scale && zero_point == other.zero_point;
  }
};

struct Weights {
  std::string values;
  std::string scales;
};

// What follows an operator and is computed with it.
struct Ending {
  std::string value;  // the last one that is computed
  std::string activation = "none";
  double low = 0, high = 0;
  std::optional<Affine> quantised;
  std::vector<size_t> nodes;  // that are done with
};

void set(Node& node, const std::string& name, int64_t value) { node.attributes[name].i = value; }
void set(Node& node, const std::string& name, double value) { node.attributes[name].f = value; }

void set(Node& node, const std::string& prefix, const Affine& affine) {
  set(node, prefix + "scale", affine.scale);
  set(node, prefix + "zero_point", affine.zero_point);
}

class Fuser {
 public:
  explicit Fuser(import::Graph& graph) : graph_(graph), done_(graph.nodes.size(), false) {
    for (const import::Parameter& output : graph.outputs) read_elsewhere_.insert(output.name);
    const auto read_in = [&](const import::Graph& inner) {
      for (const import::Parameter& output : inner.outputs) read_elsewhere_.insert(output.name);
      for (const Node& one : inner.nodes) {
        read_elsewhere_.insert(one.inputs.begin(), one.inputs.end());
      }
    };
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
      for (const std::string& input : node(i).inputs) readers_[input].push_back(i);
      for (const std::string& output : node(i).outputs) makers_[output] = i;
      for (const auto& [name, attribute] : node(i).attributes) {
        if (attribute.graph != nullptr) import::for_each_graph(*attribute.graph, read_in);
      }
    }
  }

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

  const Node* maker(const std::string& value) const {
    const auto found = makers_.find(value);
    return found == makers_.end() ? nullptr : &node(found->second);
  }

  bool is(const Node* node, const std::string& op) const {
    return node != nullptr && node->op == op &&
           (node->domain.empty() || node->domain == "com.microsoft");
  }

  // The node that alone reads the value.
  std::optional<size_t> only_reader(const std::string& value) const {
    const auto found = readers_.find(value);
    const bool one = found != readers_.end() && found->second.size() == 1;
    if (!one || read_elsewhere_.count(value) > 0) return std::nullopt;
    return found->second[0];
  }

  std::optional<double> number(const Node& node, size_t index) const {
    if (!node.has_input(index)) return std::nullopt;
    const Constant* constant = graph_.constant(node.inputs[index]);
    if (constant == nullptr || constant->element_count() != 1) return std::nullopt;
    return constant->doubles()[0];
  }

  // Of QuantizeLinear or DequantizeLinear with one uint8 zero point; `value` is the 8-bit side.
  std::optional<Affine> affine(const Node& node, const std::string& value) const {
    const auto scale = number(node, 1), zero = number(node, 2);
    if (!scale || !zero) return std::nullopt;
    const bool is_f32 = graph_.constant(node.inputs[1])->type == DataType::kFloat32;
    const bool is_uint8 = graph_.constant(node.inputs[2])->type == DataType::kUint8;
    if (!is_f32 || !is_uint8) return std::nullopt;
    return Affine{value, *scale, static_cast<int64_t>(*zero)};
  }

  std::optional<Affine> dequantised(const std::string& value) const {
    const Node* made = maker(value);
    if (!is(made, "DequantizeLinear")) return std::nullopt;
    return affine(*made, made->inputs[0]);
  }

  // Whether that zero point is 0 everywhere.
  bool symmetric(const Node& node, size_t index) const {
    if (!node.has_input(index)) return true;
    const Constant* zero = graph_.constant(node.inputs[index]);
    if (zero == nullptr) return false;
    const std::vector<int64_t> values = zero->integers();
    return std::all_of(values.begin(), values.end(), [](int64_t value) { return value == 0; });
  }

  // int8 behind DequantizeLinear, with scales along `axis`.
  std::optional<Weights> weights(const std::string& value, int64_t axis) const {
    const Node* made = maker(value);
    if (!is(made, "DequantizeLinear") || !made->has_input(1)) return std::nullopt;
    const Constant* values = graph_.constant(made->inputs[0]);
    const Constant* scales = graph_.constant(made->inputs[1]);
    if (values == nullptr || values->type != DataType::kInt8 || scales == nullptr ||
        scales->type != DataType::kFloat32 || scales->shape.size() > 1 || !symmetric(*made, 2)) {
      return std::nullopt;
    }
    const auto rank = static_cast<int64_t>(values->shape.size());
    const int64_t given = made->integer("axis", 1);
    const bool fits = scales->element_count() == 1 || (given < 0 ? given + rank : given) == axis;
    return fits ? std::optional(Weights{made->inputs[0], made->inputs[1]}) : std::nullopt;
  }

  Ending ending_of(const std::string& output, bool may_clip) const {
    Ending ending;
    ending.value = output;
    std::optional<size_t> next = only_reader(output);
    if (!next) return ending;
    const auto low = number(node(*next), 1), high = number(node(*next), 2);
    const bool relu = is(&node(*next), "Relu");
    if (relu || (may_clip && is(&node(*next), "Clip") && low && high)) {
      ending.activation = relu ? "relu" : "hardtanh";
      if (!relu) ending.low = *low, ending.high = *high;
      ending.value = node(*next).outputs[0];
      ending.nodes.push_back(*next);
      next = only_reader(ending.value);
    }
    if (!next || !is(&node(*next), "QuantizeLinear")) return ending;
    ending.quantised = affine(node(*next), node(*next).outputs[0]);
    if (!ending.quantised) return ending;
    ending.value = ending.quantised->value;
    ending.nodes.push_back(*next);
    return ending;
  }

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
    makers_[ending.value] = i;
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
    const Node* from = maker(one.inputs[1]);
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
    const auto x = dequantised(one.inputs[0]);
    const auto w = weights(one.inputs[1], rows ? 0 : 1);
    if (!x || !w) {
      return leave(one,
                   "PyTorch's int8 operators take uint8 inputs with one scale, and symmetric "
                   "int8 weights with scales along the output's channels");
    }
    if (one.op == "Gemm" && (one.number("alpha", 1) != 1 || one.number("beta", 1) != 1 ||
                             one.integer("transA", 0) != 0)) {
      return leave(one, "alpha, beta or transA");
    }
    if (one.has_input(2) && !is_bias(one.inputs[2], held->shape[rows ? 0 : 1])) {
      return leave(one, "its bias is not one number per channel");
    }
    std::vector<std::string> inputs{x->value, w->values, w->scales};
    if (one.has_input(2)) inputs.push_back(one.inputs[2]);
    become(i, conv ? "Conv" : "Linear", inputs, ending_of(one.outputs[0], conv));
    set(node(i), "x_", *x);
    ++result_.products;
  }

  bool is_bias(const std::string& value, int64_t channels) const {
    const import::ValueType* type = graph_.type_of(value);
    return type != nullptr && type->shape == std::vector<int64_t>{channels};
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
    const auto cast = only_reader(product.outputs[0]);
    if (!cast || !is(&node(*cast), "Cast") ||
        node(*cast).integer("to", 0) != static_cast<int64_t>(DataType::kFloat32)) {
      return std::nullopt;
    }
    const std::string& sum = node(*cast).outputs[0];
    const auto multiply = only_reader(sum);
    if (!multiply || !is(&node(*multiply), "Mul")) return std::nullopt;
    const Node* factor = maker(other_input(node(*multiply), sum));
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
    const Node* quantize = maker(one.inputs[0]);
    const Constant* held = graph_.constant(one.inputs[1]);
    const bool dynamic = is(quantize, "DynamicQuantizeLinear") && one.has_input(2) &&
                         one.inputs[2] == quantize->outputs[2];
    const bool fits = held != nullptr && held->shape.size() == 2 && held->type == DataType::kInt8 &&
                      symmetric(one, 3);
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
    const auto a = dequantised(one.inputs[0]), b = dequantised(one.inputs[1]);
    const Ending ending = ending_of(one.outputs[0], false);
    if (!a || !b || !ending.quantised || !same_shape(a->value, b->value)) return;
    become(i, "Add", {a->value, b->value}, ending);
    set(node(i), "a_", *a);
    set(node(i), "b_", *b);
  }

  bool same_shape(const std::string& a, const std::string& b) const {
    const import::ValueType* left = graph_.type_of(a);
    const import::ValueType* right = graph_.type_of(b);
    return left != nullptr && right != nullptr && left->is_static() && left->shape == right->shape;
  }

  void simplify(size_t i) {
    Node& one = node(i);
    const bool quantizes = is(&one, "QuantizeLinear");
    if (quantizes || is(&one, "DequantizeLinear")) {
      const auto found = affine(one, one.outputs[0]);
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
      endings.push_back(ending_of(output, false));
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
      makers_[one.outputs[output]] = i;
    }
  }

  // As dequantised, also where that has been rewritten.
  std::optional<Affine> integers(const std::string& value) const {
    const Node* made = maker(value);
    if (made == nullptr || made->domain != kDomain || made->op != "Dequantize") {
      return dequantised(value);
    }
    return Affine{made->inputs[0], made->number("scale", 1), made->integer("zero_point", 0)};
  }

  // Nodes that were taken into others, and those whose outputs nobody reads now.
  void drop_unused() {
    std::set<size_t> taken;
    for (size_t i = 0; i < done_.size(); ++i) {
      if (done_[i] && node(i).domain != kDomain) taken.insert(i);
    }
    std::set<std::string> read = read_elsewhere_;
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
  std::vector<bool> done_;
  std::map<std::string, size_t> makers_;
  std::map<std::string, std::vector<size_t>> readers_;
  std::set<std::string> read_elsewhere_;  // as outputs, and in subgraphs
  Int8Fusion result_;
};

}  // namespace

Int8Fusion fuse_int8(import::Graph& graph) { return Fuser(graph).fuse(); }

}  // namespace dnnbench::pytorch
