// What a variant of a model (bf16, int8, ...) costs in accuracy: its outputs beside those of the
// f32 model, sample by sample. Not whether an engine computes the variant rightly: that is
// verify/verify.h.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/tensor.h"

namespace dnnbench {

struct Accuracy {
  size_t samples = 0;
  bool given = false;       // the user's samples; otherwise generated inputs, which mean little
  double median_error = 0;  // of the samples' errors
  double max_error = 0;     // infinite where outputs can't be compared
  double min_cosine = 1;
  std::optional<double> top1_agreement;  // share of rows; of outputs shaped like class scores
};

// Of one sample: the Euclidean norm of the difference relative to that of the f32 model's output,
// of the output where that is largest. Integers and strings count the share of elements that
// differ. Infinite where a shape, a type, or what is finite differs.
double error_of(const std::vector<Value>& f32, const std::vector<Value>& variant);

// Gathers the samples of one variant on one engine.
class AccuracyMeter {
 public:
  explicit AccuracyMeter(bool given) : given_(given) {}

  void add(const std::vector<Value>& f32, const std::vector<Value>& variant);

  // There must be a sample.
  Accuracy result() const;

 private:
  bool given_;
  std::vector<double> errors_;
  double min_cosine_ = 1;
  std::vector<double> top1_;
};

// Whether a variant may stand in for the f32 model.
struct Acceptance {
  std::optional<bool> accepted;  // absent where no bound was given
  std::string reason;            // why not; "" otherwise
};

// `max_error` bounds the error of every sample.
Acceptance acceptance_of(const Accuracy& accuracy, std::optional<double> max_error);

}  // namespace dnnbench
