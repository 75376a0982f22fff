// What a variant of a model (bf16, int8, ...) costs in accuracy: its outputs beside those of the
// f32 model, sample by sample. Not whether an engine computes the variant rightly: that is
// verify/verify.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/tensor.h"

namespace dnnbench {

// What a variant loses of the rows of scores that have labels.
struct Drop {
  int top = 1;           // a row is right where its label is among so many largest scores
  size_t rows = 0;       // with a label
  size_t f32_right = 0;  // by the f32 model
  size_t lost = 0;       // of them wrong by the variant
  size_t gained = 0;     // right by the variant alone

  double f32_share() const { return static_cast<double>(f32_right) / static_cast<double>(rows); }
  // Of the share that is right: f32's less the variant's.
  double drop() const;
  // Holds the drop on all data of the kind with a confidence of 95 %, however few the rows are:
  // from exact (Clopper-Pearson) bounds on what is lost and what is gained.
  double low() const;
  double high() const;
};

struct Accuracy {
  size_t samples = 0;
  bool given = false;       // the user's samples; otherwise generated inputs, which mean little
  double median_error = 0;  // of the samples' errors
  double max_error = 0;     // infinite where outputs can't be compared
  double min_cosine = 1;
  std::optional<double> top1_agreement;  // share of rows; of outputs shaped like class scores
  std::optional<Drop> drop;              // where the samples have labels
};

// Of one sample: the Euclidean norm of the difference relative to that of the f32 model's output,
// of the output where that is largest. Integers and strings count the share of elements that
// differ. Infinite where a shape, a type, or what is finite differs.
double error_of(const std::vector<Value>& f32, const std::vector<Value>& variant);

// Gathers the samples of one variant on one engine.
class AccuracyMeter {
 public:
  // `top`: of Drop.
  explicit AccuracyMeter(bool given, int top = 1) : given_(given) { drop_.top = top; }

  // `labels` are those of the rows of the first output that has so many rows of scores; none where
  // the sample has no labels. Throws Error where there is no such output, or no such class.
  void add(const std::vector<Value>& f32, const std::vector<Value>& variant,
           const std::vector<int64_t>& labels = {});

  // There must be a sample.
  Accuracy result() const;

 private:
  bool given_;
  std::vector<double> errors_;
  double min_cosine_ = 1;
  std::vector<double> top1_;
  Drop drop_;
};

// Bounds that a user sets; a variant is within all of them.
struct AccuracyBounds {
  std::optional<double> max_error;  // of the error of every sample
  std::optional<double> max_drop;   // of the upper end of the drop's interval
};

// Whether a variant may stand in for the f32 model.
struct Acceptance {
  std::optional<bool> accepted;  // absent where no bound was given
  std::string reason;            // why not; "" otherwise
  AccuracyBounds bounds;         // what was asked for
};

Acceptance acceptance_of(const Accuracy& accuracy, const AccuracyBounds& bounds);

}  // namespace dnnbench
