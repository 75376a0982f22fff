// Says whether an engine's outputs are right. Data in, verdict out: no files, no processes, and
// safe to call from any thread. What the numbers mean, where the constants come from and what is
// caught with them is in docs/verifying.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/tensor.h"
#include "verify/reference.h"
#include "verify/second_opinion.h"

namespace dnnbench {

enum class Verdict {
  kOk,
  kWrong,
  kUnverified,  // there is nothing to judge by, or rounding alone may explain the difference
};

// The name in JSON: "ok", "wrong", "unverified".
std::string_view to_string(Verdict verdict);

// What was allowed to one output.
struct Tolerance {
  ToleranceClass tolerance_class = ToleranceClass::kF32;
  double absolute = 0;  // error allowed to an element no larger than the tensor's root mean square
  double relative = 0;  // error allowed to a larger one, relative to it
  double norm = 0;      // Euclidean norm of all errors, relative to that of the reference
};

struct Verification {
  Verdict verdict = Verdict::kUnverified;
  std::string reason;  // one sentence; empty when ok

  // Of all outputs, the worst. Absent where outputs could not be compared as numbers.
  std::optional<double> max_abs_error;
  std::optional<double> max_rel_error;  // relative to max(|reference|, its root mean square)
  std::optional<double> norm_error;     // Euclidean norm of the errors / that of the reference
  std::optional<double> cosine;
  // Elements that differ, of outputs of which each is to be the reference's: integers, truth values
  // and text, but for those of a quantised model. Absent where there is no such output.
  std::optional<int64_t> differing_elements;
  std::optional<double> top1_agreement;  // share of rows whose largest element is the reference's;
                                         // of outputs with one row of scores per example

  // Of the output that came nearest to its limit.
  std::optional<Tolerance> tolerance;
  std::optional<double> smallest_detected_error;  // absolute, in one element, with all else right

  // On the reference. Absent where there was none or the user gave it.
  std::optional<SecondOpinion> second_opinion;
};

// The class that outputs computed in `precision` are held to: "f16"; "tf32", which rounds factors
// to the bits of f16; "bf16"; or "mixed", which is judged as bf16; every other name is judged as
// f32. Give what was asked for, and only for "default" what is in force: an engine that was asked
// for f32 and computes in bf16 is wrong.
ToleranceClass tolerance_class_of(std::string_view precision);

// `outputs` in the model's order. A tensor is judged by `requested` or by the model's own
// arithmetic, whichever is coarser.
Verification verify(const Reference& reference, const std::vector<Value>& outputs,
                    ToleranceClass requested = ToleranceClass::kF32);

}  // namespace dnnbench
