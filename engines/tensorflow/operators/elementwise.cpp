// Arithmetic, comparisons, logic and types, element by element.
#include <algorithm>
#include <limits>
#include <string_view>

#include "activation.h"
#include "check.h"
#include "core/error.h"
#include "operators.h"
#include "tensors.h"

namespace dnnbench::tf {
namespace {

bool is_unsigned(TF_DataType type) {
  return type == TF_UINT8 || type == TF_UINT16 || type == TF_UINT32 || type == TF_UINT64;
}

bool is_floating(TF_DataType type) {
  return type == TF_FLOAT || type == TF_DOUBLE || type == TF_HALF || type == TF_BFLOAT16;
}

void emit_unary(const Operation& n, const char* operation) {
  const Aligned x = n.aligned({0});
  n.out(n.g.compute(operation, x.operands), x.permutation);
}

void emit_binary(const Operation& n, const char* operation) {
  const Aligned x = n.two_operands();
  n.out(n.g.compute(operation, x.operands), x.permutation);
}

// Sums, greatest and least of any number of operands.
void emit_variadic(const Operation& n, const char* operation) {
  std::vector<size_t> all;
  for (size_t i = 0; i < n.input_count(); ++i) all.push_back(i);
  const Aligned x = n.aligned(all);
  Out result = x.operands[0];
  for (size_t i = 1; i < x.operands.size(); ++i) {
    result = n.g.compute(operation, {result, x.operands[i]});
  }
  n.out(result, x.permutation);
}

bool same(Out a, Out b) { return a.oper == b.oper && a.index == b.index; }

bool takes(Out result, Out operand) {
  for (int i = 0; i < TF_OperationNumInputs(result.oper); ++i) {
    if (same(TF_OperationInput({result.oper, i}), operand)) return true;
  }
  return false;
}

// Whether that is the other operand times a constant of at most 1.
bool is_smaller_product(Out result, Out operand) {
  if (std::string_view(TF_OperationOpType(result.oper)) != "Mul") return false;
  const bool first = same(TF_OperationInput({result.oper, 0}), operand);
  const Out factor = TF_OperationInput({result.oper, first ? 1 : 0});
  if (std::string_view(TF_OperationOpType(factor.oper)) != "Const") return false;
  Status status;
  TF_Tensor* value = nullptr;
  TF_OperationGetAttrTensor(factor.oper, "value", &value, status);
  status.check("reading a constant");
  const OwnedTensor owned(value, TF_DeleteTensor);
  const std::vector<double> factors = to_doubles(from_tensorflow(*value));
  return std::all_of(factors.begin(), factors.end(), [](double one) { return one <= 1; });
}

// TensorFlow's optimiser makes LeakyRelu(x, a) of the greater of x and a x, which is right only for
// an a of at most 1. Whatever else comes of the other operand may turn out as such a product.
Out greater(Graph& g, Out a, Out b) {
  const auto may_be_mistaken = [](Out result, Out operand) {
    return takes(result, operand) && !is_smaller_product(result, operand);
  };
  if (!may_be_mistaken(a, b) && !may_be_mistaken(b, a)) return g.maximum(a, b);
  return g.select(g.compute("Greater", {a, b}), a, b);
}

void emit_max(const Operation& n) {
  std::vector<size_t> all;
  for (size_t i = 0; i < n.input_count(); ++i) all.push_back(i);
  const Aligned x = n.aligned(all);
  Out result = x.operands[0];
  for (size_t i = 1; i < x.operands.size(); ++i) result = greater(n.g, result, x.operands[i]);
  n.out(result, x.permutation);
}

void emit_clip(const Operation& n) {
  Graph& g = n.g;
  const Aligned x = n.aligned({0});
  const Out value = x.operands[0];
  std::optional<Out> low, high;
  std::optional<double> low_number, high_number;
  if (n.node.opset < 11 && n.node.domain.empty()) {
    if (n.node.attribute("min") != nullptr) low_number = n.number("min", 0);
    if (n.node.attribute("max") != nullptr) high_number = n.number("max", 0);
    if (low_number) low = g.scalar_like(value, *low_number);
    if (high_number) high = g.scalar_like(value, *high_number);
  } else {
    if (n.has(1)) low = n.in(1), low_number = n.find_number(1);
    if (n.has(2)) high = n.in(2), high_number = n.find_number(2);
  }
  const bool relu6 = low_number && high_number && *low_number == 0 && *high_number == 6;
  n.out(relu6 ? g.compute("Relu6", {value}) : clipped(g, value, low, high), x.permutation);
}

void emit_mean(const Operation& n) {
  std::vector<size_t> all;
  for (size_t i = 0; i < n.input_count(); ++i) all.push_back(i);
  const Aligned x = n.aligned(all);
  Out sum = x.operands[0];
  for (size_t i = 1; i < x.operands.size(); ++i) sum = n.g.add(sum, x.operands[i]);
  n.out(n.g.div(sum, n.g.scalar_like(sum, static_cast<double>(all.size()))), x.permutation);
}

void emit_div(const Operation& n) {
  emit_binary(n, is_floating(n.type(0)) ? "RealDiv" : "TruncateDiv");
}

void emit_mod(const Operation& n) {
  const TF_DataType type = n.type(0);
  const bool like_c = n.integer("fmod", 0) != 0;
  // Without a sign the two are the same, and FloorMod has more kernels.
  emit_binary(n, like_c && !is_unsigned(type) ? "TruncateMod" : "FloorMod");
}

void emit_pow(const Operation& n) {
  const Aligned x = n.two_operands();
  const TF_DataType base = n.type(0);
  const TF_DataType exponent = n.type(1);
  const auto known = n.find_number(1);
  const bool same_shape = n.constant(1) != nullptr && n.constant(1)->shape.size() <= n.rank(0);
  if (is_floating(base) && same_shape && known && (*known == 2 || *known == 0.5)) {
    n.out(n.g.compute(*known == 2 ? "Square" : "Sqrt", {x.operands[0]}), x.permutation);
    return;
  }
  Out result;
  if (is_floating(base)) {
    result = n.g.compute("Pow", {x.operands[0], n.g.cast(x.operands[1], base)});
  } else if (!is_floating(exponent) && (base == TF_INT64 || base == TF_UINT64)) {
    // double would lose digits.
    result = n.g.compute("Pow", {x.operands[0], n.g.cast(x.operands[1], base)});
  } else {
    result = n.g.cast(
        n.g.call("Pow", {n.g.cast(x.operands[0], TF_DOUBLE), n.g.cast(x.operands[1], TF_DOUBLE)}),
        base);
  }
  n.out(result, x.permutation);
}

void emit_abs(const Operation& n) {
  if (!is_unsigned(n.type(0))) return emit_unary(n, "Abs");
  n.out(n.in(0));
}

void emit_sign(const Operation& n) {
  if (!is_unsigned(n.type(0))) return emit_unary(n, "Sign");
  n.out(n.g.minimum(n.in(0), n.g.scalar_like(n.in(0), 1)));
}

// Comparisons of types that have no kernel are made in a wider one; the result is bool anyway.
void emit_comparison(const Operation& n, const char* operation) {
  const Aligned x = n.two_operands();
  n.out(n.g.compute(operation, x.operands), x.permutation);
}

void emit_logical(const Operation& n, const char* operation) {
  const Aligned x = n.two_operands();
  n.out(n.g.call(operation, {x.operands[0], x.operands[1]}), x.permutation);
}

void emit_not(const Operation& n) {
  const Aligned x = n.aligned({0});
  n.out(n.g.call("LogicalNot", {x.operands[0]}), x.permutation);
}

void emit_shift(const Operation& n) {
  const std::string direction = n.node.text("direction", "");
  emit_binary(n, direction == "LEFT" ? "LeftShift" : "RightShift");
}

void emit_where(const Operation& n) {
  const Aligned x = n.aligned({0, 1, 2});
  n.out(n.g.select(x.operands[0], x.operands[1], x.operands[2]), x.permutation);
}

void emit_is_inf(const Operation& n) {
  const Aligned x = n.aligned({0});
  const Out value = x.operands[0];
  const Out zero = n.g.scalar_like(value, 0);
  Out result = n.g.compute("IsInf", {value});
  if (n.integer("detect_negative", 1) == 0) {
    result = n.g.call("LogicalAnd", {result, n.g.compute("Greater", {value, zero})});
  }
  if (n.integer("detect_positive", 1) == 0) {
    result = n.g.call("LogicalAnd", {result, n.g.less(value, zero)});
  }
  n.out(result, x.permutation);
}

// Any type to any other. Strings are written as ONNX Runtime writes them.
Out convert(const Operation& n, Out x, TF_DataType to) {
  Graph& g = n.g;
  const TF_DataType from = Graph::type(x);
  if (from == to) return g.identity(x);
  if (to == TF_STRING) {
    if (from == TF_DOUBLE)
      return g.call("AsString", {x}, {{"shortest", true}, {"precision", int64_t{17}}});
    if (!is_floating(from)) return g.call("AsString", {x});
    return g.call("AsString", {g.cast(x, TF_FLOAT)},
                  {{"shortest", true}, {"precision", int64_t{8}}});
  }
  if (from == TF_STRING) {
    const bool as_is = to == TF_FLOAT || to == TF_DOUBLE || to == TF_INT32 || to == TF_INT64;
    const TF_DataType number = as_is ? to : is_floating(to) ? TF_FLOAT : TF_INT64;
    return g.cast(g.call("StringToNumber", {x}, {{"out_type", number}}), to);
  }
  return g.cast(x, to);
}

void emit_cast(const Operation& n) {
  const auto to = static_cast<DataType>(n.integer("to", 0));
  const Aligned x = n.aligned({0});
  n.out(convert(n, x.operands[0], to_tensorflow(to)), x.permutation);
}

// The same bits, seen as another type of the same width.
void emit_bit_cast(const Operation& n) {
  const TF_DataType to = to_tensorflow(static_cast<DataType>(n.integer("to", 0)));
  if (TF_DataTypeSize(n.type(0)) != TF_DataTypeSize(to) || n.type(0) == TF_BOOL || to == TF_BOOL) {
    throw Unsupported("its types are of different widths");
  }
  const Permutation order = n.order(0);
  n.out(n.g.call("Bitcast", {n.in(0, order)}, {{"type", to}}), order);
}

void emit_cast_like(const Operation& n) {
  const Aligned x = n.aligned({0});
  n.out(convert(n, x.operands[0], n.type(1)), x.permutation);
}

void emit_identity(const Operation& n) {
  if (const auto* elements = n.emitter.sequence(n.node.inputs[0])) {
    n.emitter.set_sequence(n.node.outputs[0], *elements);
    return;
  }
  if (const auto list = n.emitter.find_list(n.node.inputs[0])) {
    n.emitter.set_list(n.node.outputs[0], *list);
    return;
  }
  const Aligned x = n.aligned({0});
  n.out(x.operands[0], x.permutation);
}

// Inference: what comes in goes out, and the mask keeps all.
void emit_dropout(const Operation& n) {
  const auto training = n.has(2) ? n.find_integers(2) : std::vector<int64_t>{0};
  const auto ratio = n.has(1) ? n.find_number(1) : n.number("ratio", 0.5);
  const bool nothing = (training && training->at(0) == 0) || (ratio && *ratio == 0);
  if (!nothing && (!training || !ratio)) {
    throw Unsupported("its mode and ratio are not known before it runs");
  }
  if (!nothing) throw Unsupported("it drops at random, as in training");
  const Aligned x = n.aligned({0});
  n.out(x.operands[0], x.permutation);
  if (!n.wants(1)) return;
  const Out truth = n.g.cast(n.g.int_scalar(1), n.node.opset < 10 ? n.type(0) : TF_BOOL);
  n.out(1, n.g.call("BroadcastTo", {truth, n.g.shape_tensor(n.in(0))}));
}

EmitOperator unary(const char* operation) {
  return [=](const Operation& n) { emit_unary(n, operation); };
}

EmitOperator binary(const char* operation) {
  return [=](const Operation& n) { emit_binary(n, operation); };
}

EmitOperator variadic(const char* operation) {
  return [=](const Operation& n) { emit_variadic(n, operation); };
}

EmitOperator comparison(const char* operation) {
  return [=](const Operation& n) { emit_comparison(n, operation); };
}

EmitOperator logical(const char* operation) {
  return [=](const Operation& n) { emit_logical(n, operation); };
}

// One library function of one input.
Operators functions_of_one() {
  return {
      {"Acos", unary("Acos")},
      {"Acosh", unary("Acosh")},
      {"Asin", unary("Asin")},
      {"Asinh", unary("Asinh")},
      {"Atan", unary("Atan")},
      {"Atanh", unary("Atanh")},
      {"BitwiseNot", unary("Invert")},
      {"Ceil", unary("Ceil")},
      {"Cos", unary("Cos")},
      {"Cosh", unary("Cosh")},
      {"Erf", unary("Erf")},
      {"Exp", unary("Exp")},
      {"Floor", unary("Floor")},
      {"IsNaN", unary("IsNan")},
      {"Log", unary("Log")},
      {"Neg", unary("Neg")},
      {"Reciprocal", unary("Reciprocal")},
      {"Round", unary("Round")},
      {"Sin", unary("Sin")},
      {"Sinh", unary("Sinh")},
      {"Sqrt", unary("Sqrt")},
      {"Tan", unary("Tan")},
  };
}

}  // namespace

Operators elementwise_operators() {
  Operators all = {
      {"Abs", emit_abs},
      {"Add", binary("AddV2")},
      {"And", logical("LogicalAnd")},
      {"BitShift", emit_shift},
      {"BitwiseAnd", binary("BitwiseAnd")},
      {"BitwiseOr", binary("BitwiseOr")},
      {"BitwiseXor", binary("BitwiseXor")},
      {"BitCast", emit_bit_cast},
      {"Cast", emit_cast},
      {"CastLike", emit_cast_like},
      {"Clip", emit_clip},
      {"Div", emit_div},
      {"Dropout", emit_dropout},
      {"Equal", comparison("Equal")},
      {"Greater", comparison("Greater")},
      {"GreaterOrEqual", comparison("GreaterEqual")},
      {"Identity", emit_identity},
      {"IsInf", emit_is_inf},
      {"Less", comparison("Less")},
      {"LessOrEqual", comparison("LessEqual")},
      {"Max", emit_max},
      {"Mean", emit_mean},
      {"Min", variadic("Minimum")},
      {"Mod", emit_mod},
      {"Mul", binary("Mul")},
      {"Not", emit_not},
      {"Or", logical("LogicalOr")},
      {"Pow", emit_pow},
      {"Sign", emit_sign},
      {"Sub", binary("Sub")},
      {"Sum", variadic("AddV2")},
      {"Where", emit_where},
      {"Xor", logical("NotEqual")},
  };
  all.merge(functions_of_one());
  return all;
}

}  // namespace dnnbench::tf
