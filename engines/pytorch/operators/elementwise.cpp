// Arithmetic, comparisons, logic and types, element by element.
#include <fmt/format.h>

#include <optional>

#include "operators.h"
#include "types.h"

namespace dnnbench::pytorch {
namespace {

bool is_unsigned_64(DataType type) { return type == DataType::kUint64; }

// A value of uint64 in its upper half is held as a negative number; what orders or divides would be
// wrong there, and says so instead.
std::string ordered(Operation& op, size_t index) {
  if (!is_unsigned_64(op.type(index))) return op.in(index);
  return op.call("within_int64", {op.in(index)});
}

std::string ordered_second(Operation& op) {
  const std::string b = op.in(1);
  return is_unsigned_64(op.type(1)) ? op.call("within_int64", {b}) : b;
}

// One input, `{}` in the text.
void emit_unary(Operation& op, const char* text) {
  op.out(fmt::format(fmt::runtime(text), op.in(0)));
}

// The library's own makes 0 of NaN.
void emit_sign(Operation& op) {
  emit_unary(op, is_floating_point(op.type(0))
                     ? "torch.where(torch.isnan({0}), {0}, torch.sign({0}))"
                     : "torch.sign({0})");
}

// Two inputs, {0} and {1}.
void emit_binary(Operation& op, const char* text, DataType result = DataType::kUndefined) {
  const std::string a = op.in(0), b = op.in(1);
  op.out(fmt::format(fmt::runtime(text), a, b), result);
}

void emit_comparison(Operation& op, const char* text) {
  const std::string a = ordered(op, 0);
  const std::string b = ordered_second(op);
  op.out(fmt::format(fmt::runtime(text), a, b), DataType::kBool);
}

bool is_integer_typed(Operation& op, size_t index) {
  if (op.type(index) == DataType::kUndefined) {
    op.unsupported("the element type of its inputs is not known");
  }
  return is_integer(op.type(index));
}

void emit_divide(Operation& op) {
  const std::string a = ordered(op, 0);
  const std::string b = ordered_second(op);
  // C's division, which cuts towards zero, for integers.
  op.out(is_integer_typed(op, 0) ? fmt::format("torch.div({}, {}, rounding_mode=\"trunc\")", a, b)
                                 : fmt::format("torch.div({}, {})", a, b));
}

void emit_mod(Operation& op) {
  const std::string a = ordered(op, 0), b = ordered(op, 1);
  op.out(fmt::format("torch.{}({}, {})", op.node.integer("fmod", 0) == 1 ? "fmod" : "remainder", a,
                     b));
}

// The exponent, where the library may be given a number: it is constant, adds no dimension, and
// does not lose digits in the base's type.
std::optional<double> constant_exponent(Operation& op) {
  const DataType base = op.type(0);
  const auto values = op.doubles(1);
  if (!is_floating_point(base) || !values || values->size() != 1) return std::nullopt;
  if (base != op.type(1) && bit_width(base) < 32) return std::nullopt;
  const bool same_shape = op.known_rank(1).value_or(0) <= op.known_rank(0).value_or(0);
  return same_shape ? std::optional(values->front()) : std::nullopt;
}

// The result has the base's type. Of a number the library multiplies or takes a root where it can;
// of a tensor it computes every power.
void emit_power(Operation& op) {
  const DataType base = op.type(0), exponent = op.type(1);
  if (const auto known = constant_exponent(op)) {
    return op.out(fmt::format("torch.pow({}, {})", op.in(0), number(*known)));
  }
  if (base == exponent && is_floating_point(base)) return emit_binary(op, "torch.pow({0}, {1})");
  if (is_integer_typed(op, 0) && is_integer_typed(op, 1)) {
    op.out(fmt::format("torch.pow({}, {}).to({})", op.in(0), op.in(1), dtype(base)));
    return;
  }
  op.out(fmt::format("torch.pow({}.to(7), {}.to(7)).to({})", op.in(0), op.in(1), dtype(base)));
}

void emit_bit_shift(Operation& op) {
  const bool left = op.node.text("direction", "") == "LEFT";
  const std::string a = left ? op.in(0) : ordered(op, 0), b = op.in(1);
  const int bits = static_cast<int>(bit_width(op.type(0)));
  // A shift by the type's width or more gives 0; in C it is undefined.
  op.out(
      fmt::format("torch.where({1} < {3}, torch.bitwise_{2}_shift({0}, torch.clamp({1}, 0, {4})), "
                  "torch.zeros_like({0}))",
                  a, b, left ? "left" : "right", bits, bits - 1));
}

// Any number of inputs, pair by pair.
void emit_variadic(Operation& op, const char* text, bool orders = false) {
  std::string result = orders ? ordered(op, 0) : op.in(0);
  for (size_t i = 1; i < op.input_count(); ++i) {
    result = op.let(fmt::format(fmt::runtime(text), result, orders ? ordered(op, i) : op.in(i)));
  }
  op.out(result);
}

void emit_mean_of_inputs(Operation& op) {
  std::string sum = op.in(0);
  for (size_t i = 1; i < op.input_count(); ++i) sum += " + " + op.in(i);
  op.out(fmt::format("({}) / {}", sum, op.input_count()));
}

void emit_cast_to(Operation& op, DataType to) {
  const DataType from = op.type(0);
  op.require(from != DataType::kUndefined, "the element type of its input is not known");
  op.out(cast(op.in(0), from, to), to);
}

void emit_cast(Operation& op) { emit_cast_to(op, static_cast<DataType>(op.node.integer("to", 0))); }

// The signed integer of as many bits, which PyTorch holds bit by bit.
DataType bits_of(DataType type) {
  if (held_as(type) == type) return type;
  return bit_width(type) == 16   ? DataType::kInt16
         : bit_width(type) == 32 ? DataType::kInt32
                                 : DataType::kInt64;
}

// The same bits, seen as another type of the same width.
void emit_bit_cast(Operation& op) {
  const DataType from = op.type(0), to = static_cast<DataType>(op.node.integer("to", 0));
  op.require(from != DataType::kUndefined, "the element type of its input is not known");
  op.require(bit_width(from) == bit_width(to) && from != DataType::kBool && to != DataType::kBool,
             "its types are of different widths");
  op.out(fmt::format("torch.view_copy({}.to({}), dtype={}).to({})", op.in(0), dtype(bits_of(from)),
                     dtype(bits_of(to)), dtype(to)),
         to);
}

std::string bound(Operation& op, size_t index, const char* attribute) {
  if (op.node.opset < 11) {
    return op.node.attribute(attribute) == nullptr ? "None" : number(op.node.number(attribute, 0));
  }
  if (!op.has(index)) return "None";
  return is_integer_typed(op, 0) ? op.int_scalar(index) : op.float_scalar(index);
}

void emit_clip(Operation& op) {
  const std::string x = ordered(op, 0), low = bound(op, 1, "min"), high = bound(op, 2, "max");
  if (low == "None" && high == "None") return op.out(x);
  op.out(fmt::format("torch.clamp({}, {}, {})", x, low, high));
}

void emit_is_infinite(Operation& op) {
  const bool negative = op.node.integer("detect_negative", 1) != 0;
  const bool positive = op.node.integer("detect_positive", 1) != 0;
  const std::string x = op.in(0);
  op.out(negative && positive ? fmt::format("torch.isinf({})", x)
         : positive           ? fmt::format("torch.isposinf({})", x)
         : negative           ? fmt::format("torch.isneginf({})", x)
                              : fmt::format("torch.zeros_like({}, dtype=11)", x),
         DataType::kBool);
}

void emit_where(Operation& op) {
  op.out(fmt::format("torch.where({}, {}, {})", op.in(0), op.in(1), op.in(2)), op.type(1));
}

void emit_identity(Operation& op) { op.alias(0, op.variable(0)); }

// Elements that are not dropped: all, but in training.
void emit_dropout(Operation& op) {
  const auto training = op.integers(2);
  const auto ratio = op.doubles(1);
  const bool drops_none = ratio && ratio->size() == 1 && ratio->front() == 0;
  if (op.has(2) && !drops_none) {
    op.require(training.has_value() && training->front() == 0,
               "training mode draws random numbers");
  }
  op.alias(0, op.variable(0));
  if (!op.wants(1)) return;
  // The mask was of the input's type before opset 10.
  op.out(1, fmt::format("torch.ones_like({}{})", op.in(0), op.node.opset < 10 ? "" : ", dtype=11"),
         op.node.opset < 10 ? op.type(0) : DataType::kBool);
}

// One library function of one input.
Operators functions_of_one() {
  return {
      {"Abs", [](Operation& op) { emit_unary(op, "torch.abs({})"); }},
      {"Acos", [](Operation& op) { emit_unary(op, "torch.acos({})"); }},
      {"Acosh", [](Operation& op) { emit_unary(op, "torch.acosh({})"); }},
      {"Affine",
       [](Operation& op) {
         op.out(fmt::format("{} * {} + {}", op.in(0), number(op.node.number("alpha", 1)),
                            number(op.node.number("beta", 0))));
       }},
      {"Asin", [](Operation& op) { emit_unary(op, "torch.asin({})"); }},
      {"Asinh", [](Operation& op) { emit_unary(op, "torch.asinh({})"); }},
      {"Atan", [](Operation& op) { emit_unary(op, "torch.atan({})"); }},
      {"Atanh", [](Operation& op) { emit_unary(op, "torch.atanh({})"); }},
      {"BitwiseNot", [](Operation& op) { emit_unary(op, "torch.bitwise_not({})"); }},
      {"Ceil", [](Operation& op) { emit_unary(op, "torch.ceil({})"); }},
      {"Cos", [](Operation& op) { emit_unary(op, "torch.cos({})"); }},
      {"Cosh", [](Operation& op) { emit_unary(op, "torch.cosh({})"); }},
      {"Erf", [](Operation& op) { emit_unary(op, "torch.erf({})"); }},
      {"Exp", [](Operation& op) { emit_unary(op, "torch.exp({})"); }},
      {"Floor", [](Operation& op) { emit_unary(op, "torch.floor({})"); }},
      {"Log", [](Operation& op) { emit_unary(op, "torch.log({})"); }},
      {"Neg", [](Operation& op) { emit_unary(op, "torch.neg({})"); }},
      {"Not", [](Operation& op) { emit_unary(op, "torch.logical_not({})"); }},
      {"Reciprocal", [](Operation& op) { emit_unary(op, "torch.reciprocal({})"); }},
      {"Round", [](Operation& op) { emit_unary(op, "torch.round({})"); }},
      {"Sign", emit_sign},
      {"Sin", [](Operation& op) { emit_unary(op, "torch.sin({})"); }},
      {"Sinh", [](Operation& op) { emit_unary(op, "torch.sinh({})"); }},
      {"Sqrt", [](Operation& op) { emit_unary(op, "torch.sqrt({})"); }},
      {"Tan", [](Operation& op) { emit_unary(op, "torch.tan({})"); }},
  };
}

Operators other_functions_of_one() {
  return {
      {"Clip", emit_clip},
      {"IsInf", emit_is_infinite},
      {"IsNaN",
       [](Operation& op) { op.out(fmt::format("torch.isnan({})", op.in(0)), DataType::kBool); }},
      {"BitCast", emit_bit_cast},
      {"Cast", emit_cast},
      {"CastLike", [](Operation& op) { emit_cast_to(op, op.type(1)); }},
      {"Identity", emit_identity},
      {"Dropout", emit_dropout},
  };
}

Operators functions_of_several() {
  return {
      {"Add", [](Operation& op) { emit_binary(op, "{0} + {1}"); }},
      {"Sub", [](Operation& op) { emit_binary(op, "{0} - {1}"); }},
      {"Mul", [](Operation& op) { emit_binary(op, "{0} * {1}"); }},
      {"Div", emit_divide},
      {"Mod", emit_mod},
      {"Pow", emit_power},
      {"And", [](Operation& op) { emit_binary(op, "torch.logical_and({0}, {1})"); }},
      {"Or", [](Operation& op) { emit_binary(op, "torch.logical_or({0}, {1})"); }},
      {"Xor", [](Operation& op) { emit_binary(op, "torch.logical_xor({0}, {1})"); }},
      {"BitwiseAnd", [](Operation& op) { emit_binary(op, "torch.bitwise_and({0}, {1})"); }},
      {"BitwiseOr", [](Operation& op) { emit_binary(op, "torch.bitwise_or({0}, {1})"); }},
      {"BitwiseXor", [](Operation& op) { emit_binary(op, "torch.bitwise_xor({0}, {1})"); }},
      {"BitShift", emit_bit_shift},
      {"Equal", [](Operation& op) { emit_binary(op, "torch.eq({0}, {1})", DataType::kBool); }},
      {"Greater", [](Operation& op) { emit_comparison(op, "torch.gt({0}, {1})"); }},
      {"GreaterOrEqual", [](Operation& op) { emit_comparison(op, "torch.ge({0}, {1})"); }},
      {"Less", [](Operation& op) { emit_comparison(op, "torch.lt({0}, {1})"); }},
      {"LessOrEqual", [](Operation& op) { emit_comparison(op, "torch.le({0}, {1})"); }},
      {"Max", [](Operation& op) { emit_variadic(op, "torch.maximum({0}, {1})", true); }},
      {"Min", [](Operation& op) { emit_variadic(op, "torch.minimum({0}, {1})", true); }},
      {"Sum", [](Operation& op) { emit_variadic(op, "{0} + {1}"); }},
      {"Mean", emit_mean_of_inputs},
      {"Where", emit_where},
  };
}

}  // namespace

Operators elementwise_operators() {
  Operators table = functions_of_one();
  for (const Operators& more : {other_functions_of_one(), functions_of_several()}) {
    table.insert(more.begin(), more.end());
  }
  return table;
}

}  // namespace dnnbench::pytorch
