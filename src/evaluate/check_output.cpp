#include "evaluate/check_output.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/random_numbers.h"

namespace dnnbench::evaluate {
namespace {

// Errors that a right library may make: some roundings for a function, and those of a sum, which
// grow with the root of its length.
constexpr double kRoundings = 16;
constexpr double kRoundingsOfATerm = 8;

double rounding_of(DataType type) {
  switch (type) {
    case DataType::kFloat64:
      return std::ldexp(1, -52);
    case DataType::kFloat16:
      return std::ldexp(1, -11);
    case DataType::kBfloat16:
      return std::ldexp(1, -8);
    default:
      return std::ldexp(1, -24);
  }
}

// The largest finite number, and the smallest that is not flushed to zero.
double max_of(DataType type) {
  if (type == DataType::kFloat64) return std::numeric_limits<double>::max();
  if (type == DataType::kFloat16) return 65504;
  return std::numeric_limits<float>::max();
}
double min_of(DataType type) {
  if (type == DataType::kFloat64) return std::numeric_limits<double>::min();
  return type == DataType::kFloat16 ? std::ldexp(1, -14) : std::numeric_limits<float>::min();
}

bool is_coarse(DataType type) { return type == DataType::kFloat16 || type == DataType::kBfloat16; }

// Integers wrap around where they don't fit, and doubles hold only the smaller ones exactly.
bool holds(DataType type, const Element& right) {
  constexpr double kMaxExact = 9007199254740992;  // 2^53
  const double max = std::ldexp(1, static_cast<int>(bit_width(type)) - 1);
  const bool is_unsigned = to_string(type).front() == 'u';
  return right.magnitude < std::min(max, kMaxExact) && (right.value >= 0 || !is_unsigned);
}

bool agree(const Element& right, double got, DataType type, double allowed, DataType coarsest) {
  if (!std::isfinite(right.value) || !std::isfinite(right.magnitude)) return true;
  if (!is_floating_point(type)) {
    // ONNX Runtime may compare f16 that it has not rounded yet.
    if (is_coarse(coarsest) || (is_integer(type) && !holds(type, right))) return true;
    const bool is_whole = std::trunc(right.value) == right.value;
    return is_whole ? got == right.value : std::abs(got - right.value) < 1;
  }
  // What overflows may do so early, in a sum.
  if (right.magnitude >= max_of(type) / 2) return true;
  return std::abs(got - right.value) <= allowed * right.magnitude + 2 * min_of(coarsest);
}

}  // namespace

OutputCheck check_output(const Formula& formula, const Operand& got, DataType coarsest,
                         int64_t max_elements, uint64_t seed) {
  OutputCheck check;
  if (formula.shape != got.shape()) {
    check.wrong = fmt::format("its shape is [{}] where [{}] is right", fmt::join(got.shape(), ", "),
                              fmt::join(formula.shape, ", "));
    return check;
  }
  const double allowed =
      (kRoundings + kRoundingsOfATerm * std::sqrt(static_cast<double>(formula.terms))) *
      rounding_of(coarsest);
  const int64_t count = got.count(), wanted = std::min(count, std::max<int64_t>(max_elements, 1));
  RandomNumbers random(seed, 0);
  for (; check.elements < wanted; ++check.elements) {
    // One of each of so many parts of the same length.
    const auto at = [&](int64_t part) {
      return static_cast<int64_t>(static_cast<double>(part) * static_cast<double>(count) /
                                  static_cast<double>(wanted));
    };
    const int64_t first = at(check.elements), last = std::max(at(check.elements + 1) - 1, first);
    const int64_t flat = wanted == count ? check.elements : random.integer(first, last);
    const Element right = formula.element(flat);
    if (agree(right, got[flat], got.type(), allowed, coarsest)) continue;
    check.wrong =
        fmt::format("element [{}] is {:.9g} where {:.9g} is right",
                    fmt::join(position_of(flat, got.shape()), ", "), got[flat], right.value);
    return check;
  }
  return check;
}

}  // namespace dnnbench::evaluate
