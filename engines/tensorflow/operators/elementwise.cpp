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

void emit_unary(const Operation& op, const char* operation) {
  const Aligned x = op.aligned({0});
  op.out(op.g.compute(operation, x.operands), x.permutation);
}

void emit_binary(const Operation& op, const char* operation) {
  const Aligned x = op.aligned({0, 1});
  op.out(op.g.compute(operation, x.operands), x.permutation);
}

// Sums, greatest and least of any number of operands.
void emit_variadic(const Operation& op, const char* operation) {
  std::vector<size_t> all;
  for (size_t i = 0; i < op.input_count(); ++i) all.push_back(i);
  const Aligned x = op.aligned(all);
  Out result = x.operands[0];
  for (size_t i = 1; i < x.operands.size(); ++i) {
    result = op.g.compute(operation, {result, x.operands[i]});
  }
  op.out(result, x.permutation);
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

void emit_max(const Operation& op) {
  std::vector<size_t> all;
  for (size_t i = 0; i < op.input_count(); ++i) all.push_back(i);
  const Aligned x = op.aligned(all);
  Out result = x.operands[0];
  for (size_t i = 1; i < x.operands.size(); ++i) result = greater(op.g, result, x.operands[i]);
  op.out(result, x.permutation);
}

void emit_clip(const Operation& op) {
  Graph& g = op.g;
  const Aligned x = op.aligned({0});
  const Out value = x.operands[0];
  std::optional<Out> low, high;
  std::optional<double> low_number, high_number;
  if (op.node.opset < 11 && op.node.domain.empty()) {
    if (op.node.attribute("min") != nullptr) low_number = op.number("min", 0);
    if (op.node.attribute("max") != nullptr) high_number = op.number("max", 0);
    if (low_number) low = g.scalar_like(value, *low_number);
    if (high_number) high = g.scalar_like(value, *high_number);
  } else {
    if (op.has(1)) low = op.in(1), low_number = op.find_number(1);
    if (op.has(2)) high = op.in(2), high_number = op.find_number(2);
  }
  const bool relu6 = low_number && high_number && *low_number == 0 && *high_number == 6;
  op.out(relu6 ? g.compute("Relu6", {value}) : clipped(g, value, low, high), x.permutation);
}

void emit_mean(const Operation& op) {
  std::vector<size_t> all;
  for (size_t i = 0; i < op.input_count(); ++i) all.push_back(i);
  const Aligned x = op.aligned(all);
  Out sum = x.operands[0];
  for (size_t i = 1; i < x.operands.size(); ++i) sum = op.g.add(sum, x.operands[i]);
  op.out(op.g.div(sum, op.g.scalar_like(sum, static_cast<double>(all.size()))), x.permutation);
}

void emit_div(const Operation& op) {
  emit_binary(op, is_floating(op.type(0)) ? "RealDiv" : "TruncateDiv");
}

void emit_mod(const Operation& op) {
  const TF_DataType type = op.type(0);
  const bool like_c = op.integer("fmod", 0) != 0;
  // Without a sign the two are the same, and FloorMod has more kernels.
  emit_binary(op, like_c && !is_unsigned(type) ? "TruncateMod" : "FloorMod");
}

void emit_pow(const Operation& op) {
  const Aligned x = op.aligned({0, 1});
  const TF_DataType base = op.type(0);
  const TF_DataType exponent = op.type(1);
  const auto known = op.find_number(1);
  Out value = x.operands[0];
  // TensorFlow's optimiser, which multiplies instead, loses the dimensions that an exponent adds.
  if (known) {
    for (size_t rank = op.rank(0); rank < op.rank(1); ++rank) value = op.g.expand_dims(value, 0);
  }
  Out result;
  if (is_floating(base) && known && (*known == 2 || *known == 0.5)) {
    result = op.g.compute(*known == 2 ? "Square" : "Sqrt", {value});
  } else if (is_floating(base) ||
             (!is_floating(exponent) && (base == TF_INT64 || base == TF_UINT64))) {
    // Of 64-bit integers double would lose digits.
    result = op.g.compute("Pow", {value, op.g.cast(x.operands[1], base)});
  } else {
    result = op.g.cast(
        op.g.call("Pow", {op.g.cast(value, TF_DOUBLE), op.g.cast(x.operands[1], TF_DOUBLE)}), base);
  }
  op.out(result, x.permutation);
}

void emit_abs(const Operation& op) {
  if (!is_unsigned(op.type(0))) return emit_unary(op, "Abs");
  op.out(op.in(0));
}

void emit_sign(const Operation& op) {
  if (!is_unsigned(op.type(0))) return emit_unary(op, "Sign");
  op.out(op.g.minimum(op.in(0), op.g.scalar_like(op.in(0), 1)));
}

void emit_logical(const Operation& op, const char* operation) {
  const Aligned x = op.aligned({0, 1});
  op.out(op.g.call(operation, {x.operands[0], x.operands[1]}), x.permutation);
}

void emit_not(const Operation& op) {
  const Aligned x = op.aligned({0});
  op.out(op.g.call("LogicalNot", {x.operands[0]}), x.permutation);
}

void emit_shift(const Operation& op) {
  const std::string direction = op.node.text("direction", "");
  emit_binary(op, direction == "LEFT" ? "LeftShift" : "RightShift");
}

void emit_where(const Operation& op) {
  const Aligned x = op.aligned({0, 1, 2});
  op.out(op.g.select(x.operands[0], x.operands[1], x.operands[2]), x.permutation);
}

void emit_is_inf(const Operation& op) {
  const Aligned x = op.aligned({0});
  const Out value = x.operands[0];
  const Out zero = op.g.scalar_like(value, 0);
  Out result = op.g.compute("IsInf", {value});
  if (op.integer("detect_negative", 1) == 0) {
    result = op.g.call("LogicalAnd", {result, op.g.compute("Greater", {value, zero})});
  }
  if (op.integer("detect_positive", 1) == 0) {
    result = op.g.call("LogicalAnd", {result, op.g.less(value, zero)});
  }
  op.out(result, x.permutation);
}

// Any type to any other. Strings are written as ONNX Runtime writes them.
Out convert(const Operation& op, Out x, TF_DataType to) {
  Graph& g = op.g;
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

void emit_cast(const Operation& op) {
  const auto to = static_cast<DataType>(op.integer("to", 0));
  const Aligned x = op.aligned({0});
  op.out(convert(op, x.operands[0], to_tensorflow(to)), x.permutation);
}

// The same bits, seen as another type of the same width.
void emit_bit_cast(const Operation& op) {
  const TF_DataType to = to_tensorflow(static_cast<DataType>(op.integer("to", 0)));
  if (TF_DataTypeSize(op.type(0)) != TF_DataTypeSize(to) || op.type(0) == TF_BOOL ||
      to == TF_BOOL) {
    throw Unsupported("its types are of different widths");
  }
  const Permutation order = op.order(0);
  op.out(op.g.call("Bitcast", {op.in(0, order)}, {{"type", to}}), order);
}

void emit_cast_like(const Operation& op) {
  const Aligned x = op.aligned({0});
  op.out(convert(op, x.operands[0], op.type(1)), x.permutation);
}

void emit_identity(const Operation& op) {
  if (const auto* elements = op.emitter.sequence(op.node.inputs[0])) {
    op.emitter.set_sequence(op.node.outputs[0], *elements);
    return;
  }
  if (const auto list = op.emitter.find_list(op.node.inputs[0])) {
    op.emitter.set_list(op.node.outputs[0], *list);
    return;
  }
  const Aligned x = op.aligned({0});
  op.out(x.operands[0], x.permutation);
}

// Inference: what comes in goes out, and the mask keeps all.
void emit_dropout(const Operation& op) {
  const auto training = op.has(2) ? op.find_integers(2) : std::vector<int64_t>{0};
  const auto ratio = op.has(1) ? op.find_number(1) : op.number("ratio", 0.5);
  const bool nothing = (training && training->at(0) == 0) || (ratio && *ratio == 0);
  if (!nothing && (!training || !ratio)) {
    throw Unsupported("its mode and ratio are not known before it runs");
  }
  if (!nothing) throw Unsupported("it drops at random, as in training");
  const Aligned x = op.aligned({0});
  op.out(x.operands[0], x.permutation);
  if (!op.wants(1)) return;
  const Out truth = op.g.cast(op.g.int_scalar(1), op.node.opset < 10 ? op.type(0) : TF_BOOL);
  op.out(1, op.g.call("BroadcastTo", {truth, op.g.shape_tensor(op.in(0))}));
}

EmitOperator unary(const char* operation) {
  return [=](const Operation& op) { emit_unary(op, operation); };
}

EmitOperator binary(const char* operation) {
  return [=](const Operation& op) { emit_binary(op, operation); };
}

EmitOperator variadic(const char* operation) {
  return [=](const Operation& op) { emit_variadic(op, operation); };
}

EmitOperator logical(const char* operation) {
  return [=](const Operation& op) { emit_logical(op, operation); };
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
      {"Equal", binary("Equal")},
      {"Greater", binary("Greater")},
      {"GreaterOrEqual", binary("GreaterEqual")},
      {"Identity", emit_identity},
      {"IsInf", emit_is_inf},
      {"Less", binary("Less")},
      {"LessOrEqual", binary("LessEqual")},
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
