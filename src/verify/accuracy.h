// What a variant of a model (bf16, int8, ...) costs in accuracy: its outputs beside those of the
// f32 model, sample by sample. Not whether an engine computes the variant correctly: that is
// verify/verify.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/tensor.h"

namespace dnnbench {

// What a variant loses by a metric that gives each row a score from 0 to 1.
struct Drop {
  std::string metric = "top1";  // "top1", "top5", or a command of the user's
  size_t rows = 0;              // that were scored
  double f32 = 0;               // the sum of the scores of the f32 model
  double lost = 0;              // of it, where the variant's score is lower
  double gained = 0;            // by the variant, where it is higher

  // Labels that are among the largest scores or not: all scores are 0 or 1.
  bool counts() const { return metric == "top1" || metric == "top5"; }
  double f32_mean() const { return f32 / static_cast<double>(rows); }
  // f32's mean less the variant's.
  double drop() const;
  // Holds the drop on all data of the kind with a confidence of 95 %, however few the rows are:
  // from bounds on what is lost and what is gained, exact (Clopper-Pearson) where rows are counted,
  // else those of Hoeffding for any distribution, which are the same where nothing is lost.
  double low() const;
  double high() const;

  void add(double f32_score, double score);
};

struct Accuracy {
  size_t samples = 0;       // for which an output of the f32 model has an element
  bool given = false;       // the user's samples; otherwise generated inputs, which mean little
  double median_error = 0;  // of the samples' errors
  double max_error = 0;     // infinite where outputs can't be compared, and without a sample
  double min_cosine = 1;
  std::optional<double> top1_agreement;  // share of rows; of outputs shaped like class scores
  std::optional<Drop> drop;              // where the samples have labels, or a command judges
  std::string no_drop;                   // why the user's command could not say it; "" otherwise
};

// Of one sample: the Euclidean norm of the difference relative to that of the f32 model's output,
// of the output where that is largest, or the part of it with a scale of its own (parts.h).
// Integers and strings count the share of elements that differ. Infinite where a shape, a type, or
// what is finite differs.
double error_of(const std::vector<Value>& f32, const std::vector<Value>& variant);

// Gathers the samples of one variant on one engine.
class AccuracyMeter {
 public:
  // `top`: a row is right where its label is among so many largest scores, 1 or 5.
  explicit AccuracyMeter(bool given, int top = 1) : given_(given), top_(top) {
    drop_.metric = "top" + std::to_string(top);
  }

  // `labels` are those of the rows of the first output that has so many rows of scores; none where
  // the sample has no labels. Throws Error where there is no such output, or no such class.
  void add(const std::vector<Value>& f32, const std::vector<Value>& variant,
           const std::vector<int64_t>& labels = {});

  Accuracy result() const;

 private:
  bool given_;
  int top_;
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
