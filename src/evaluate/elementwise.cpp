#include <algorithm>
#include <cmath>
#include <limits>

#include "evaluate/formula.h"

namespace dnnbench::evaluate {
namespace {

constexpr double kMaxExact = 9007199254740992;  // 2^53: doubles hold every integer up to here

// Of a function whose rounding errors are relative to its value.
Element exact(double value) { return {value, std::abs(value)}; }
// Of a function that libraries approximate, with errors relative to 1 near 0.
Element approximate(double value) { return {value, std::max(std::abs(value), 1.0)}; }

// --- one operand -----------------------------------------------------------------------------

template <typename Compute>
Formula unary(const Call& call, Compute compute) {
  const Operand& x = call.in(0);
  return {x.shape(), 1, [x, compute](int64_t flat) -> Element { return compute(x[flat]); }};
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

template <double (*compute)(double)>
Formula exactly(const Call& call) {
  return unary(call, [](double x) { return exact(compute(x)); });
}

template <double (*compute)(double)>
Formula approximately(const Call& call) {
  return unary(call, [](double x) { return approximate(compute(x)); });
}

template <double (*compute)(double)>
Formula periodic(const Call& call) {
  return unary(call, [](double x) { return Element{compute(x), 1 + std::abs(x)}; });
}

double relu(double x) { return std::max(x, 0.0); }
double negated(double x) { return -x; }
double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }
double inverse(double x) { return 1 / x; }
double is_not(double x) { return x == 0 ? 1 : 0; }
double softsign(double x) { return x / (1 + std::abs(x)); }
double mish(double x) { return x * std::tanh(softplus(x)); }
double hard_swish(double x) { return x * std::clamp(x / 6 + 0.5, 0.0, 1.0); }

Formula exponential(const Call& call) {
  // The argument may have been rounded once.
  return unary(call,
               [](double x) { return Element{std::exp(x), std::exp(x) * (1 + std::abs(x))}; });
}

Formula leaky_relu(const Call& call) {
  const double alpha = call.node.number("alpha", 0.01);
  return unary(call, [alpha](double x) { return exact(x < 0 ? alpha * x : x); });
}

Formula thresholded_relu(const Call& call) {
  const double alpha = call.node.number("alpha", 1);
  return unary(call, [alpha](double x) { return exact(x > alpha ? x : 0); });
}

Formula elu(const Call& call) {
  const double alpha = call.node.number("alpha", 1);
  return unary(call, [alpha](double x) { return approximate(x < 0 ? alpha * std::expm1(x) : x); });
}

Formula hard_sigmoid(const Call& call) {
  const double alpha = call.node.number("alpha", 0.2), beta = call.node.number("beta", 0.5);
  return unary(call, [alpha, beta](double x) {
    return Element{std::clamp(alpha * x + beta, 0.0, 1.0), std::abs(alpha * x) + std::abs(beta)};
  });
}

Formula gelu(const Call& call) {
  const bool tanh = call.node.text("approximate", "none") == "tanh";
  return unary(call, [tanh](double x) {
    constexpr double kSqrt2 = 1.4142135623730951, kSqrt2ByPi = 0.7978845608028654;
    const double gate =
        tanh ? std::tanh(kSqrt2ByPi * (x + 0.044715 * x * x * x)) : std::erf(x / kSqrt2);
    return Element{0.5 * x * (1 + gate), std::abs(x)};
  });
}

Formula clip(const Call& call) {
  constexpr double kNone = std::numeric_limits<double>::infinity();
  double low = call.node.number("min", -kNone), high = call.node.number("max", kNone);
  if (call.node.opset >= 11) {
    low = call.has(1) ? call.in(1)[0] : -kNone;
    high = call.has(2) ? call.in(2)[0] : kNone;
  }
  return unary(call, [low, high](double x) { return exact(std::min(std::max(x, low), high)); });
}

Formula identity(const Call& call) {
  if (call.output != 0) throw Unsupported("its other outputs");
  if (call.node.op == "Dropout" && call.has(2) && call.in(2)[0] != 0) {
    throw Unsupported("it draws random numbers");
  }
  return unary(call, exact);
}

Formula cast(const Call& call) {
  const DataType type = call.type;
  if (type == DataType::kBool) return unary(call, [](double x) { return exact(x != 0 ? 1 : 0); });
  if (!is_integer(type)) return unary(call, exact);
  return unary(call, [](double x) { return exact(std::trunc(x)); });
}

// --- several operands, broadcast -------------------------------------------------------------

template <typename Compute>
Formula binary(const Call& call, Compute compute) {
  const Operand &a = call.in(0), &b = call.in(1);
  const Shape shape = broadcast(a.shape(), b.shape());
  const Broadcasting at_a(a.shape(), shape), at_b(b.shape(), shape);
  return {shape, 1, [=](int64_t flat) -> Element { return compute(a[at_a(flat)], b[at_b(flat)]); }};
}

Formula add(const Call& call) {
  return binary(call, [](double a, double b) { return Element{a + b, std::abs(a) + std::abs(b)}; });
}

Formula subtract(const Call& call) {
  return binary(call, [](double a, double b) { return Element{a - b, std::abs(a) + std::abs(b)}; });
}

Formula multiply(const Call& call) {
  return binary(call, [](double a, double b) { return exact(a * b); });
}

Formula divide(const Call& call) {
  const bool whole = is_integer(call.in(0).type());
  return binary(call, [whole](double a, double b) -> Element {
    if (!whole) return exact(a / b);
    return b == 0 ? Element{0, kOpen} : Element{std::trunc(a / b), std::abs(a)};
  });
}

Formula power(const Call& call) {
  if (is_integer(call.in(0).type())) throw Unsupported("integers");
  return binary(call, [](double a, double b) {
    const double value = std::pow(a, b);
    const double steps = a > 0 ? std::abs(b * std::log(a)) : std::abs(b);
    return Element{value, std::abs(value) * (1 + steps)};
  });
}

Formula prelu(const Call& call) {
  return binary(call, [](double x, double slope) { return exact(x < 0 ? slope * x : x); });
}

template <typename Holds>
Formula comparison(const Call& call, Holds holds) {
  return binary(call, [holds](double a, double b) -> Element {
    const bool is_exact = std::abs(a) < kMaxExact || std::abs(b) < kMaxExact;
    return {holds(a, b) ? 1.0 : 0.0, is_exact ? 0 : kOpen};
  });
}

template <typename Reduce>
Formula variadic(const Call& call, Reduce reduce) {
  Shape shape = call.in(0).shape();
  std::vector<Operand> operands;
  for (size_t i = 0; i < call.inputs.size(); ++i) {
    operands.push_back(call.in(i));
    shape = broadcast(shape, operands.back().shape());
  }
  std::vector<Broadcasting> at;
  for (const Operand& operand : operands) at.emplace_back(operand.shape(), shape);
  const auto terms = static_cast<int64_t>(operands.size());
  return {shape, terms, [=](int64_t flat) -> Element {
            std::vector<double> values;
            for (size_t i = 0; i < operands.size(); ++i) values.push_back(operands[i][at[i](flat)]);
            return reduce(values);
          }};
}

Element sum_of(const std::vector<double>& values) {
  Element sum;
  for (const double value : values) {
    sum.value += value;
    sum.magnitude += std::abs(value);
  }
  return sum;
}

Element mean_of(const std::vector<double>& values) {
  const Element sum = sum_of(values);
  const auto count = static_cast<double>(values.size());
  return {sum.value / count, sum.magnitude / count};
}

Element choose(double value, const std::vector<double>& values) {
  // What NaN does to Max and Min differs between libraries.
  const bool has_nan =
      std::any_of(values.begin(), values.end(), [](double x) { return std::isnan(x); });
  return {value, has_nan ? kOpen : std::abs(value)};
}

Formula where(const Call& call) {
  const Operand &condition = call.in(0), &yes = call.in(1), &no = call.in(2);
  const Shape shape = broadcast(condition.shape(), broadcast(yes.shape(), no.shape()));
  const Broadcasting at_condition(condition.shape(), shape), at_yes(yes.shape(), shape),
      at_no(no.shape(), shape);
  return {shape, 1, [=](int64_t flat) -> Element {
            const bool holds = condition[at_condition(flat)] != 0;
            return exact(holds ? yes[at_yes(flat)] : no[at_no(flat)]);
          }};
}

FormulaTable comparisons() {
  return {
      {"Equal", [](const Call& c) { return comparison(c, std::equal_to<>()); }},
      {"Greater", [](const Call& c) { return comparison(c, std::greater<>()); }},
      {"GreaterOrEqual", [](const Call& c) { return comparison(c, std::greater_equal<>()); }},
      {"Less", [](const Call& c) { return comparison(c, std::less<>()); }},
      {"LessOrEqual", [](const Call& c) { return comparison(c, std::less_equal<>()); }},
      {"And", [](const Call& c) { return comparison(c, std::logical_and<>()); }},
      {"Or", [](const Call& c) { return comparison(c, std::logical_or<>()); }},
      {"Xor", [](const Call& c) { return comparison(c, std::not_equal_to<>()); }},
  };
}

FormulaTable of_several() {
  return {
      {"Add", add},
      {"Sub", subtract},
      {"Mul", multiply},
      {"Div", divide},
      {"Pow", power},
      {"PRelu", prelu},
      {"Where", where},
      {"Sum", [](const Call& c) { return variadic(c, sum_of); }},
      {"Mean", [](const Call& c) { return variadic(c, mean_of); }},
      {"Max",
       [](const Call& c) {
         return variadic(c, [](const std::vector<double>& values) {
           return choose(*std::max_element(values.begin(), values.end()), values);
         });
       }},
      {"Min",
       [](const Call& c) {
         return variadic(c, [](const std::vector<double>& values) {
           return choose(*std::min_element(values.begin(), values.end()), values);
         });
       }},
  };
}

}  // namespace

FormulaTable elementwise_formulas() {
  FormulaTable table = {
      {"Abs", exactly<std::abs>},
      {"Neg", exactly<negated>},
      {"Floor", exactly<std::floor>},
      {"Ceil", exactly<std::ceil>},
      {"Round", exactly<std::nearbyint>},  // halves to even
      {"Sqrt", exactly<std::sqrt>},
      {"Sign", exactly<sign>},
      {"Reciprocal", exactly<inverse>},
      {"Not", exactly<is_not>},
      {"Relu", exactly<relu>},
      {"Exp", exponential},
      {"Log", approximately<std::log>},
      {"Erf", approximately<std::erf>},
      {"Sin", periodic<std::sin>},
      {"Cos", periodic<std::cos>},
      {"Atan", approximately<std::atan>},
      {"Tanh", approximately<std::tanh>},
      {"Sigmoid", approximately<sigmoid>},
      {"Softplus", approximately<softplus>},
      {"Softsign", approximately<softsign>},
      {"Mish", approximately<mish>},
      {"HardSwish", approximately<hard_swish>},
      {"LeakyRelu", leaky_relu},
      {"ThresholdedRelu", thresholded_relu},
      {"Elu", elu},
      {"HardSigmoid", hard_sigmoid},
      {"Gelu", gelu},
      {"Clip", clip},
      {"Identity", identity},
      {"Dropout", identity},
      {"Cast", cast},
  };
  table.merge(comparisons());
  table.merge(of_several());
  return table;
}

}  // namespace dnnbench::evaluate
