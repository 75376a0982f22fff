#include "verify/judge_tensor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "verify/class_rule.h"
#include "verify/compare_values.h"
#include "verify/parts.h"

namespace dnnbench {
namespace {

// How far one element's error may lie above the tail that the probes show.
constexpr double kTailSafety = 4;

// Outputs that a user gives come from other tools and machines: the relative tolerance of ONNX's
// own runner of such test data (onnx/backend/test/case/test_case.py, rtol).
constexpr double kExpectedTolerance = 1e-3;

// Beyond a class's limit, safety is no reason to doubt: only so far may rounding explain an error.
constexpr double kExcuse = 2;

// Rounding a tensor's numbers to f16 moves them by more than this (about 2e-4 in norm).
constexpr double kMinHalfRounding = 0x1p-15;

// Of a tensor's root mean square: what is left of rounding sums of its large numbers in small ones.
constexpr double kSharedRounding = 0x1p-20;

// How many elements may flip, in units of the most that flipped in one probe.
constexpr size_t kFlipSafety = 4;

// The largest of n values from a normal distribution, in standard deviations.
double normal_tail(size_t n) { return std::sqrt(2 * std::log(std::max<double>(n, 2))); }

// "Output scores at [0, 3] is 0.25 instead of 0.5". `number` counts to_doubles, which has two for a
// complex element.
std::string describe_error(const TensorPair& pair, size_t number, size_t numbers) {
  const auto elements = static_cast<size_t>(std::max<int64_t>(1, pair.got.element_count()));
  const size_t element = number / std::max<size_t>(1, numbers / elements);
  return fmt::format(
      "Output {} at {} is {} instead of {}", pair.name, describe_position(element, pair.got.shape),
      describe_element(pair.got, element), describe_element(pair.reference, element));
}

// The numbers of a pair that are judged together.
struct Numbers {
  std::vector<double> expected;
  std::vector<double> got;
  std::vector<size_t> positions;  // in the tensor; empty where it is all of them
  size_t tensor_size = 0;
  std::string name;  // of all: "the output", or of which part of it

  size_t position(size_t i) const { return positions.empty() ? i : positions[i]; }
};

bool has_finite(const std::vector<double>& numbers) {
  return std::any_of(numbers.begin(), numbers.end(), [](double x) { return std::isfinite(x); });
}

// f16 and bf16 leave the low 13 bits of an f32 number zero. Where many of the reference's numbers
// have some of them set and none of the engine's has, the engine rounded to half precision: even
// where the model amplifies rounding so much that the size of the errors would not show it.
bool is_rounded_to_half(const Tensor& reference, const Tensor& got) {
  constexpr size_t kEnough = 16;  // a few may be round by chance, as saturated scores are
  constexpr uint32_t kLowBits = 0x1fff;
  if (reference.type != DataType::kFloat32) return false;
  const auto expected = reference.as<uint32_t>();
  const auto others = got.as<uint32_t>();
  size_t uneven = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    if ((others[i] & kLowBits) != 0) return false;
    if ((expected[i] & kLowBits) != 0) ++uneven;
  }
  return uneven >= kEnough;
}

// Why rounding may explain a norm that is not allowed; "" where it may not.
std::string describe_doubt(double norm, const Allowed& allowed) {
  if (norm > allowed.excused) return "";
  return allowed.is_estimate
             ? "; but what this precision costs is an estimate, so that rounding alone may explain "
               "it"
             : "; but the model amplifies rounding so much that rounding alone may explain it";
}

std::string describe_norm(double norm, const std::string& name, const Allowed& allowed) {
  return fmt::format(
      "the worst of errors whose norm is {:.2g} of that of {}, where {:.2g} is allowed{}", norm,
      name, allowed.norm, describe_doubt(norm, allowed));
}

// Fills in verdict and reason from the measures.
void decide(const TensorPair& pair, const Numbers& numbers, const Allowed& allowed,
            Judgement& result) {
  const Difference& measured = *result.difference;
  const auto judge = [&](Verdict verdict, size_t at, const std::string& explanation) {
    const std::string error = describe_error(pair, numbers.position(at), numbers.tensor_size);
    result.verdict = verdict;
    result.reason = explanation.empty() ? error + "." : error + ", " + explanation + ".";
  };
  if (measured.not_finite_at) {
    judge(Verdict::kWrong, *measured.not_finite_at, "");
  } else if (!has_finite(numbers.expected)) {
    result.verdict = Verdict::kUnverified;
    result.reason = fmt::format("Output {} has no finite number in the reference.", pair.name);
  } else if (measured.norm > allowed.norm &&
             !(allowed.is_estimate && measured.largest > allowed.element)) {
    judge(measured.norm <= allowed.excused ? Verdict::kUnverified : Verdict::kWrong,
          measured.largest_at, describe_norm(measured.norm, numbers.name, allowed));
  } else if (measured.largest > allowed.element) {
    judge(Verdict::kWrong, measured.largest_at,
          fmt::format("off by {:.2g} of max(|expected|, {:.3g}), where {:.2g} is allowed to one "
                      "element",
                      measured.largest, scale_of(numbers.expected), allowed.element));
  } else if (result.tolerance.tolerance_class == ToleranceClass::kF32 &&
             measured.norm > kMinHalfRounding && is_rounded_to_half(pair.reference, pair.got)) {
    judge(Verdict::kWrong, measured.largest_at,
          "and every number of the output is rounded to half precision, where f32 was asked for");
  }
}

Judgement judge(const TensorPair& pair, const Numbers& numbers, const Sensitivity& sensitivity,
                const Terms& terms) {
  Judgement result;
  result.tolerance.tolerance_class = terms.applied;
  if (numbers.expected.empty()) return result;
  const double scale = scale_of(numbers.expected);
  const size_t count = numbers.expected.size();
  const Difference measured = difference(numbers.expected, numbers.got, scale);
  const Allowed allowed = allowed_errors(measured, sensitivity, count, terms);
  const double root_count = std::sqrt(static_cast<double>(count));
  result.difference = measured;
  result.tolerance.absolute = allowed.element * scale;
  result.tolerance.relative = allowed.element;
  result.tolerance.norm = allowed.norm;
  result.smallest_detected_error = scale * std::min(allowed.element, allowed.norm * root_count);
  result.strain = std::max(measured.norm / allowed.norm, measured.largest / allowed.element);
  decide(pair, numbers, allowed, result);
  return result;
}

// Positions whose score has a neighbour along some axis that is the same within `tie`.
std::vector<bool> tied_elements(const Tensor& scores, double tie) {
  const std::vector<double> numbers = to_doubles(scores);
  const double scale = scale_of(numbers);
  std::vector<bool> tied(numbers.size());
  size_t stride = 1;
  for (size_t axis = scores.shape.size(); axis-- > 0;) {
    const auto size = static_cast<size_t>(scores.shape[axis]);
    for (size_t i = 0; i + stride < numbers.size(); ++i) {
      if (i / stride % size + 1 == size) continue;
      const double magnitude = std::max(std::fabs(numbers[i]), scale);
      if (std::fabs(numbers[i] - numbers[i + stride]) > tie * magnitude) continue;
      tied[i] = tied[i + stride] = true;
    }
    stride *= size;
  }
  return tied;
}

}  // namespace

Allowed allowed_errors(const Difference& measured, const Sensitivity& sensitivity, size_t count,
                       const Terms& terms) {
  const ClassRule rule = rule_of(terms.applied);
  const ClassRule own = rule_of(terms.native);
  Allowed allowed;
  const double wanted = rule.safety * std::max(rule.floor, rule.gain / own.gain * sensitivity.norm);
  allowed.norm = std::min(wanted, rule.limit);
  allowed.excused = wanted / kExcuse;
  // The model was not run in that precision, only in a finer one.
  const bool ran_finer = rule.gain > own.gain || terms.unobserved;
  allowed.is_estimate = ran_finer && allowed.excused < rule.limit;
  if (allowed.is_estimate) allowed.excused = rule.limit;
  const double probe_tail = sensitivity.largest / std::max(own.floor, sensitivity.norm);
  const double tail = std::max(normal_tail(count), probe_tail);
  // The other elements show how far this engine is off in general. With few of them that is a
  // guess: one more is added that is off by all that is allowed.
  const double others = std::hypot(measured.norm_of_others, allowed.norm / std::sqrt(count));
  allowed.element = kTailSafety * tail * std::max(others, allowed.norm / rule.safety);
  if (terms.expected) {
    allowed.norm = std::max(allowed.norm, kExpectedTolerance);
    allowed.element = std::max(allowed.element, kExpectedTolerance);
  }
  return allowed;
}

Judgement judge_numbers(const TensorPair& pair, const Terms& terms) {
  Numbers numbers{to_doubles(pair.reference), to_doubles(pair.got), {}, 0, "the output"};
  numbers.tensor_size = numbers.expected.size();
  return judge(pair, numbers, pair.sensitivity, terms);
}

Judgement judge_beside_fillers(const TensorPair& pair, const Terms& terms) {
  const BesideFillers& beside = *pair.sensitivity.beside_fillers;
  const std::vector<double> expected = to_doubles(pair.reference);
  Numbers numbers;
  numbers.positions = positions_below(expected, beside.magnitude);
  numbers.expected = elements_at(expected, numbers.positions);
  numbers.got = elements_at(to_doubles(pair.got), numbers.positions);
  numbers.tensor_size = expected.size();
  numbers.name = fmt::format("its elements below {:.2g}", beside.magnitude);
  return judge(pair, numbers, {.norm = beside.norm, .largest = beside.largest}, terms);
}

Judgement judge_beside_pixels(const TensorPair& pair, const Terms& terms) {
  Judgement result;
  const BesidePixels& scores = *pair.sensitivity.beside_pixels;
  const std::vector<double> expected = to_doubles(pair.reference);
  if (scores.positions.back() >= expected.size()) return result;  // the user gave another shape
  const Difference measured = difference_at(expected, to_doubles(pair.got), scores.positions, 1);
  Allowed allowed = allowed_errors(measured, {.norm = scores.norm}, scores.positions.size(), terms);
  allowed.norm = std::max(allowed.norm, kSharedRounding * scale_of(expected));
  if (measured.norm <= allowed.norm) return result;
  result.verdict = measured.norm <= allowed.excused ? Verdict::kUnverified : Verdict::kWrong;
  result.reason = fmt::format(
      "{}, the worst of errors whose root mean square is {:.2g} over the scores beside boxes in "
      "pixels, where {:.2g} is allowed{}.",
      describe_error(pair, scores.positions[measured.largest_at], expected.size()), measured.norm,
      allowed.norm, describe_doubt(measured.norm, allowed));
  return result;
}

Judgement judge_identity(const TensorPair& pair, const Tensor* scores, double tie) {
  Judgement result;
  result.tolerance.tolerance_class = ToleranceClass::kInteger;
  std::vector<size_t> differing = differing_elements(pair.reference, pair.got);
  const bool has_numbers = pair.reference.type != DataType::kString;
  // How far apart two classes lie says nothing.
  if (has_numbers && differing.empty()) result.difference = Difference();
  result.differing = differing.size();
  if (!differing.empty() && scores != nullptr) {
    const std::vector<bool> tied = tied_elements(*scores, tie);
    std::erase_if(differing, [&](size_t element) { return tied[element]; });
  }
  const auto count = static_cast<size_t>(pair.reference.element_count());
  const size_t allowed = kFlipSafety * pair.sensitivity.differing;
  if (allowed == 0 && has_numbers) result.smallest_detected_error = 1;
  result.strain = static_cast<double>(differing.size()) / static_cast<double>(allowed + 1);
  if (differing.empty() || differing.size() <= std::min(allowed, count / 2)) return result;
  result.verdict = differing.size() <= allowed ? Verdict::kUnverified : Verdict::kWrong;
  result.reason = describe_error(pair, differing.front(), count);
  if (allowed > 0) {
    result.reason += fmt::format("; {} of {} elements differ, where rounding explains {}",
                                 differing.size(), count, allowed);
  }
  result.reason += ".";
  return result;
}

}  // namespace dnnbench
