#include "verify/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "verify/compare_values.h"
#include "verify/difference.h"

namespace dnnbench {
namespace {

// Constants of a class, from the measurements in docs/verifying.md.
struct ClassRule {
  double gain;    // error expected, in units of the model's sensitivity in f32
  double least;   // error expected of a model that amplifies nothing
  double safety;  // what is allowed, in units of what is expected
  double limit;   // what is never allowed: beyond it nonsense would pass as rounding
};

ClassRule rule_of(ToleranceClass tolerance_class) {
  switch (tolerance_class) {
    case ToleranceClass::kInteger:
    case ToleranceClass::kF32:
      return {1, 0x1p-23, 90.5, 0.05};
    case ToleranceClass::kF16:
      return {0x1p10, 0x1p-11, 8, 0.1};
    case ToleranceClass::kBf16:
      return {0x1p13, 0x1p-8, 8, 0.25};
    case ToleranceClass::kQuantised:
      return {1, 0x1p-8, 4, 0.25};
  }
  return {};
}

// One element's error may lie so far above the tail that the probes show.
constexpr double kTailSafety = 4;

// Outputs that a user gives come from other tools and machines: ONNX's own convention for its test
// data (onnx/backend/test/runner, rtol).
constexpr double kExpectedTolerance = 1e-3;

// Elements that may flip, in units of the most that flipped in one probe.
constexpr size_t kFlipSafety = 4;

ToleranceClass class_of(DataType type) {
  if (!is_floating_point(type)) return ToleranceClass::kInteger;
  switch (type) {
    case DataType::kFloat16:
      return ToleranceClass::kF16;
    case DataType::kBfloat16:
      return ToleranceClass::kBf16;
    default:
      return bit_width(type) < 16 ? ToleranceClass::kQuantised : ToleranceClass::kF32;
  }
}

// Judged by numbers: floating point, and the 8- and 4-bit integers of a quantised model.
bool is_numeric(const Tensor& tensor, ToleranceClass model_class) {
  if (is_floating_point(tensor.type)) return true;
  return model_class == ToleranceClass::kQuantised && is_integer(tensor.type) &&
         bit_width(tensor.type) <= 8;
}

struct Judgement {
  Verdict verdict = Verdict::kOk;
  std::string reason;
  std::optional<Difference> difference;
  Tolerance tolerance;
  double smallest_detected_error = 0;
  double strain = 0;  // the error in units of what is allowed
};

// The largest of n values from a normal distribution, in standard deviations.
double normal_tail(size_t n) { return std::sqrt(2 * std::log(std::max<double>(n, 2))); }

struct Allowed {
  double norm;     // relative Euclidean norm
  double element;  // of one element, relative to max(|reference|, scale)
  double excused;  // a norm up to here may still be rounding
};

Allowed allowed_for(const Difference& measured, const Sensitivity& sensitivity, size_t count,
                    ToleranceClass applied, ToleranceClass native, bool expected) {
  const ClassRule rule = rule_of(applied);
  const double gain = rule.gain / rule_of(native).gain;
  const double wanted = rule.safety * std::max(rule.least, gain * sensitivity.norm);
  Allowed allowed{std::min(wanted, rule.limit), 0, wanted};
  const double typical = allowed.norm / rule.safety;
  const double smoothed = std::hypot(measured.norm_of_others, allowed.norm / std::sqrt(count));
  const double tail = std::max(normal_tail(count), sensitivity.tail);
  allowed.element = kTailSafety * tail * std::max(typical, smoothed);
  if (expected) {
    allowed.norm = std::max(allowed.norm, kExpectedTolerance);
    allowed.element = std::max(allowed.element, kExpectedTolerance);
  }
  return allowed;
}

std::string describe_error(const std::string& name, const Tensor& reference, const Tensor& got,
                           size_t element) {
  return fmt::format("Output {} at {} is {} instead of {}", name,
                     describe_position(element, reference.shape), describe_element(got, element),
                     describe_element(reference, element));
}

class TensorJudge {
 public:
  TensorJudge(std::string name, const Tensor& reference, const Tensor& got,
              const Sensitivity& sensitivity)
      : name_(std::move(name)), reference_(reference), got_(got), sensitivity_(sensitivity) {}

  Judgement by_numbers(ToleranceClass applied, ToleranceClass native, bool expected) const {
    const std::vector<double> numbers = to_doubles(reference_);
    const std::vector<double> others = to_doubles(got_);
    Judgement result;
    if (numbers.empty()) return result;
    const double scale = scale_of(numbers);
    const Difference measured = difference(numbers, others, scale);
    const Allowed allowed =
        allowed_for(measured, sensitivity_, numbers.size(), applied, native, expected);
    const double root_count = std::sqrt(static_cast<double>(numbers.size()));
    result.difference = measured;
    result.tolerance = {applied, allowed.element * scale, allowed.element, allowed.norm};
    result.smallest_detected_error = scale * std::min(allowed.element, allowed.norm * root_count);
    result.strain =
        std::max(measured.norm / allowed.norm, measured.largest / allowed.element);
    const size_t numbers_an_element =
        std::max<size_t>(1, numbers.size() / std::max<int64_t>(1, reference_.element_count()));
    if (measured.not_finite_at) {
      result.verdict = Verdict::kWrong;
      result.reason = at(*measured.not_finite_at / numbers_an_element) + ".";
    } else if (std::none_of(numbers.begin(), numbers.end(),
                            [](double number) { return std::isfinite(number); })) {
      result.verdict = Verdict::kUnverified;
      result.reason = fmt::format("Output {} has no finite number in the reference.", name_);
    } else if (measured.norm > allowed.norm) {
      judge_norm(measured, allowed, numbers_an_element, result);
    } else if (measured.largest > allowed.element) {
      result.verdict = Verdict::kWrong;
      result.reason = fmt::format(
          "{}: {:.2g} off, where {:.2g} of max(|expected|, {:.3g}) is allowed to one element.",
          at(measured.largest_at / numbers_an_element), measured.largest, allowed.element, scale);
    }
    return result;
  }

  Judgement by_identity() const {
    Judgement result;
    const std::vector<size_t> differing = differing_elements(reference_, got_);
    const auto count = static_cast<size_t>(reference_.element_count());
    const size_t allowed = kFlipSafety * sensitivity_.differing;
    result.tolerance.tolerance_class = ToleranceClass::kInteger;
    result.smallest_detected_error = 1;
    result.strain = static_cast<double>(differing.size()) / static_cast<double>(allowed + 1);
    if (differing.size() <= std::min(allowed, count / 2)) return result;
    result.verdict = differing.size() <= allowed ? Verdict::kUnverified : Verdict::kWrong;
    result.reason = at(differing.front());
    if (allowed > 0) {
      result.reason += fmt::format("; {} of {} elements differ, where rounding explains {}",
                                   differing.size(), count, allowed);
    }
    result.reason += ".";
    if (reference_.type != DataType::kString) {
      const std::vector<double> numbers = to_doubles(reference_);
      result.difference = difference(numbers, to_doubles(got_), scale_of(numbers));
    }
    return result;
  }

 private:
  std::string at(size_t element) const {
    return describe_error(name_, reference_, got_, element);
  }

  void judge_norm(const Difference& measured, const Allowed& allowed, size_t numbers_an_element,
                  Judgement& result) const {
    const bool excused = measured.norm <= allowed.excused;
    result.verdict = excused ? Verdict::kUnverified : Verdict::kWrong;
    result.reason = fmt::format(
        "Output {} is {:.2g} off as a whole (relative norm), where {:.2g} is allowed{}; worst: {}.",
        name_, measured.norm, allowed.norm,
        excused ? ", but the model amplifies rounding so much that it alone may explain that" : "",
        at(measured.largest_at / numbers_an_element));
  }

  std::string name_;
  const Tensor& reference_;
  const Tensor& got_;
  const Sensitivity& sensitivity_;
};

void keep_largest(std::optional<double>& kept, double value) {
  kept = std::max(kept.value_or(value), value);
}

void keep_smallest(std::optional<double>& kept, double value) {
  kept = std::min(kept.value_or(value), value);
}

// Gathers judgements of tensors into the verdict on all.
class Summary {
 public:
  void add(const Judgement& judgement) {
    add_verdict(judgement.verdict, judgement.reason);
    if (judgement.difference) {
      keep_largest(result_.max_abs_error, judgement.difference->max_abs);
      keep_largest(result_.max_rel_error, judgement.difference->largest);
      keep_largest(result_.norm_error, judgement.difference->norm);
      keep_smallest(result_.cosine, judgement.difference->cosine);
    }
    if (result_.tolerance && judgement.strain <= strain_) return;
    strain_ = judgement.strain;
    result_.tolerance = judgement.tolerance;
    result_.smallest_detected_error = judgement.smallest_detected_error;
  }

  void add_top1(std::optional<double> agreement) {
    if (agreement) keep_smallest(result_.top1_agreement, *agreement);
  }

  // The worst verdict's first reason stands.
  void add_verdict(Verdict verdict, const std::string& reason) {
    const bool worse = verdict == Verdict::kWrong ? result_.verdict != Verdict::kWrong
                                                  : verdict == Verdict::kUnverified &&
                                                        result_.verdict == Verdict::kOk;
    if (!worse) return;
    result_.verdict = verdict;
    result_.reason = reason;
  }

  Verification result() const { return result_; }

 private:
  Verification result_{.verdict = Verdict::kOk};
  double strain_ = 0;
};

Verification unverified(std::string reason) {
  return {.verdict = Verdict::kUnverified, .reason = std::move(reason)};
}

void judge_output(const Reference& reference, size_t position, const Value& got,
                  ToleranceClass requested, Summary& summary) {
  static const Sensitivity kSteady;
  const Value& expected = reference.outputs[position];
  const auto sensitivity = [&](size_t i) -> const Sensitivity& {
    const bool known = position < reference.sensitivity.size() &&
                       i < reference.sensitivity[position].size();
    return known ? reference.sensitivity[position][i] : kSteady;
  };
  for (size_t i = 0; i < expected.tensors.size(); ++i) {
    if (sensitivity(i).instability.empty()) continue;
    summary.add_verdict(Verdict::kUnverified,
                        fmt::format("Output {} can't be judged: in the reference it {} when only "
                                    "rounding changes.",
                                    got.name, sensitivity(i).instability));
    return;
  }
  const std::string mismatch = describe_mismatch(expected, got, position);
  if (!mismatch.empty()) return summary.add_verdict(Verdict::kWrong, mismatch);
  for (size_t i = 0; i < expected.tensors.size(); ++i) {
    const Tensor& tensor = expected.tensors[i];
    const std::string name = expected.kind == Value::Kind::kSequence
                                 ? fmt::format("{} (tensor {})", got.name, i)
                                 : got.name;
    const TensorJudge judge(name, tensor, got.tensors[i], sensitivity(i));
    if (!is_numeric(tensor, reference.model_class)) {
      summary.add(judge.by_identity());
      continue;
    }
    const ToleranceClass native = std::max(reference.model_class, class_of(tensor.type));
    summary.add(judge.by_numbers(std::max(requested, native), native, reference.expected));
    summary.add_top1(
        top1_agreement(tensor, to_doubles(tensor), to_doubles(got.tensors[i])));
  }
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOk:
      return "ok";
    case Verdict::kWrong:
      return "wrong";
    case Verdict::kUnverified:
      return "unverified";
  }
  return "";
}

ToleranceClass tolerance_class_of(std::string_view precision) {
  if (precision == "f32") return ToleranceClass::kF32;
  if (precision == "f16") return ToleranceClass::kF16;
  if (precision == "bf16" || precision == "mixed") return ToleranceClass::kBf16;
  throw Error(fmt::format("Precision {} is not f32, f16, bf16 or mixed: an engine reported a name "
                          "that verification does not know.",
                          precision));
}

Verification verify(const Reference& reference, const std::vector<Value>& outputs,
                    ToleranceClass requested) {
  if (!reference.unverifiable.empty()) return unverified(reference.unverifiable);
  if (outputs.size() != reference.outputs.size()) {
    return {.verdict = Verdict::kWrong,
            .reason = fmt::format("There are {} outputs instead of {}.", outputs.size(),
                                  reference.outputs.size())};
  }
  Summary summary;
  for (size_t i = 0; i < outputs.size(); ++i) {
    judge_output(reference, i, outputs[i], requested, summary);
  }
  return summary.result();
}

}  // namespace dnnbench
