// Judges one tensor of an engine's outputs.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "core/tensor.h"
#include "verify/difference.h"
#include "verify/verify.h"

namespace dnnbench {

struct Judgement {
  Verdict verdict = Verdict::kOk;
  std::string reason;
  std::optional<Difference> difference;  // of numbers that have a size: not of classes or indices
  std::optional<size_t> differing;       // elements, where each is to be the reference's
  Tolerance tolerance;
  std::optional<double> smallest_detected_error;
  double strain = 0;  // the size of the error in units of what is allowed
};

// A tensor beside its reference; both have the same type and shape.
struct TensorPair {
  std::string name;  // "output" or "output (tensor 2)", for the reason
  const Tensor& reference;
  const Tensor& got;
  const Sensitivity& sensitivity;
};

// What is allowed to one tensor's errors, in the measures of difference.h.
struct Allowed {
  double norm = 0;
  double element = 0;
  double excused = 0;        // a norm up to here may still be rounding, but nobody could tell
  bool is_estimate = false;  // `norm` is one, and `excused` the limit of the class
};

// What a tensor's numbers are judged by.
struct Terms {
  ToleranceClass native;    // the arithmetic that the sensitivity was measured in
  ToleranceClass applied;   // the coarser of it and what was asked for
  bool expected = false;    // the user gave the reference
  bool unobserved = false;  // nothing shows what rounding as in `applied` does to this model
};

Allowed allowed_errors(const Difference& measured, const Sensitivity& sensitivity, size_t count,
                       const Terms& terms);

// By the size of the errors, as a whole and in each element.
Judgement judge_numbers(const TensorPair& pair, const Terms& terms);

// The same of those beside the fillers alone, which the pair's sensitivity must have.
Judgement judge_beside_fillers(const TensorPair& pair, const Terms& terms);

// The norm of the errors of scores beside pixels, which the pair's sensitivity must have. Ok
// without any measures, so that a result's are those of whole tensors.
Judgement judge_beside_pixels(const TensorPair& pair, const Terms& terms);

// Element by element. `scores`: the reference's numbers that the elements are indices of (a tensor
// of the same shape, as TopK returns), or null; where two neighbours among them differ by no more
// than `tie` of themselves, either index is right.
Judgement judge_identity(const TensorPair& pair, const Tensor* scores, double tie);

}  // namespace dnnbench
