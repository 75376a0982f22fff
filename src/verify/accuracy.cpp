#include "verify/accuracy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "core/error.h"
#include "core/statistics.h"
#include "verify/compare_values.h"
#include "verify/difference.h"
#include "verify/parts.h"

namespace dnnbench {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct TensorError {
  double error = 0;
  double cosine = 1;
};

// Of the parts of a tensor with a scale of their own, the largest.
TensorError compare_parts(std::span<const double> expected, std::span<const double> got,
                          std::span<const int64_t> shape) {
  constexpr double kSameFiller = 0x1p-6;    // within the rounding of bf16
  constexpr double kFaintScores = 0x1p-10;  // a choice: below, none is an object
  std::vector<std::vector<size_t>> parts{scores_beside_pixels(expected, shape)};
  if (scale_of(elements_at(expected, parts[0])) < kFaintScores) parts.clear();
  const std::optional<double> filler = filler_magnitude(expected);
  if (filler && has_same_fillers(expected, got, *filler, kSameFiller)) {
    parts.push_back(positions_below(expected, *filler));
  }
  TensorError worst;
  for (const std::vector<size_t>& part : parts) {
    const Difference found = difference_at(expected, got, part);
    worst = {std::max(worst.error, found.norm), std::min(worst.cosine, found.cosine)};
  }
  return worst;
}

TensorError compare(const Tensor& f32, const Tensor& variant) {
  if (f32.element_count() == 0) return {};
  if (!is_floating_point(f32.type)) {
    const auto differing = static_cast<double>(differing_elements(f32, variant).size());
    return {differing / static_cast<double>(f32.element_count()), 1};
  }
  const std::vector<double> expected = to_doubles(f32);
  const std::vector<double> got = to_doubles(variant);
  const Difference whole = difference(expected, got, scale_of(expected));
  if (whole.not_finite_at) return {kInfinity, -1};
  const TensorError parts = compare_parts(expected, got, f32.shape);
  return {std::max(whole.norm, parts.error), std::min(whole.cosine, parts.cosine)};
}

TensorError compare(const std::vector<Value>& f32, const std::vector<Value>& variant) {
  if (f32.size() != variant.size()) return {kInfinity, -1};
  TensorError worst;
  for (size_t i = 0; i < f32.size(); ++i) {
    if (!describe_mismatch(f32[i], variant[i], i).empty()) return {kInfinity, -1};
    for (size_t t = 0; t < f32[i].tensors.size(); ++t) {
      const TensorError one = compare(f32[i].tensors[t], variant[i].tensors[t]);
      worst = {std::max(worst.error, one.error), std::min(worst.cosine, one.cosine)};
    }
  }
  return worst;
}

// P(X <= count) of a binomial distribution.
double probability_up_to(size_t count, size_t trials, double share) {
  const auto n = static_cast<double>(trials);
  double sum = 0;
  for (size_t i = 0; i <= count; ++i) {
    const auto k = static_cast<double>(i);
    sum += std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) +
                    k * std::log(share) + (n - k) * std::log1p(-share));
  }
  return sum;
}

// The largest share of which so few among so many are seen with a probability of at least `alpha`.
double upper_bound(size_t count, size_t trials, double alpha) {
  if (count >= trials) return 1;
  double low = static_cast<double>(count) / static_cast<double>(trials), high = 1;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (probability_up_to(count, trials, middle) >= alpha ? low : high) = middle;
  }
  return high;
}

// The largest mean of scores from 0 to 1 at which a sum as small as `sum` has a probability of at
// least `alpha`, by Hoeffding's bound exp(-n KL(sum / n, mean)).
double upper_bound_of_sum(double sum, double n, double alpha) {
  const double seen = sum / n;
  const auto information = [&](double mean) {
    const double low = seen > 0 ? seen * std::log(seen / mean) : 0;
    const double high = seen < 1 ? (1 - seen) * std::log((1 - seen) / (1 - mean)) : 0;
    return low + high;
  };
  double low = seen, high = 1;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (n * information(middle) <= -std::log(alpha) ? low : high) = middle;
  }
  return high;
}

double upper_bound(double sum, const Drop& drop, double alpha) {
  if (drop.counts()) return upper_bound(static_cast<size_t>(sum), drop.rows, alpha);
  return upper_bound_of_sum(sum, static_cast<double>(drop.rows), alpha);
}

double lower_bound(double sum, const Drop& drop, double alpha) {
  return 1 - upper_bound(static_cast<double>(drop.rows) - sum, drop, alpha);
}

// Each end of the interval rests on two bounds.
constexpr double kAlpha = 0.05 / 4;

// The scores of that many rows; nullptr where no output is such.
const Tensor* find_scores(const std::vector<Value>& outputs, size_t rows) {
  for (const Value& output : outputs) {
    if (output.kind != Value::Kind::kTensor || !is_floating_point(output.tensor().type)) continue;
    std::vector<int64_t> shape = output.tensor().shape;
    while (!shape.empty() && shape.back() == 1) shape.pop_back();
    if (shape.size() == 2 && shape[0] == static_cast<int64_t>(rows)) return &output.tensor();
    if (shape.size() == 1 && rows == 1 && output.tensor().shape.size() == 1)
      return &output.tensor();
  }
  return nullptr;
}

// Of equal scores the first is the larger, as for ArgMax: 8 bits make many scores equal.
bool is_right(std::span<const double> scores, size_t label, int top) {
  const double own = scores[label];
  int larger = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (!(scores[i] <= own) || (scores[i] == own && i < label)) ++larger;
  }
  return larger < top;
}

void add_rows(const std::vector<Value>& f32, const std::vector<Value>& variant,
              const std::vector<int64_t>& labels, int top, Drop& drop) {
  const Tensor* expected = find_scores(f32, labels.size());
  if (expected == nullptr) {
    throw Error(fmt::format(
        "--labels has {} for a sample, but no output has so many rows of scores", labels.size()));
  }
  const Tensor* got = find_scores(variant, labels.size());
  const std::vector<double> f32_scores = to_doubles(*expected);
  const bool comparable = got != nullptr && got->shape == expected->shape;
  const std::vector<double> scores = comparable ? to_doubles(*got) : std::vector<double>();
  const size_t classes = f32_scores.size() / labels.size();
  for (size_t row = 0; row < labels.size(); ++row) {
    if (labels[row] < 0 || static_cast<size_t>(labels[row]) >= classes) {
      throw Error(fmt::format("--labels contains {}, but the model has classes 0 to {}",
                              labels[row], classes - 1));
    }
    const auto label = static_cast<size_t>(labels[row]);
    const auto right = [&](const std::vector<double>& all) {
      return !all.empty() && is_right(std::span(all).subspan(row * classes, classes), label, top);
    };
    drop.add(right(f32_scores) ? 1 : 0, right(scores) ? 1 : 0);
  }
}

}  // namespace

double Drop::drop() const { return (lost - gained) / static_cast<double>(rows); }

double Drop::low() const {
  return lower_bound(lost, *this, kAlpha) - upper_bound(gained, *this, kAlpha);
}

double Drop::high() const {
  return upper_bound(lost, *this, kAlpha) - lower_bound(gained, *this, kAlpha);
}

void Drop::add(double f32_score, double score) {
  ++rows;
  f32 += f32_score;
  lost += std::max(0.0, f32_score - score);
  gained += std::max(0.0, score - f32_score);
}

double error_of(const std::vector<Value>& f32, const std::vector<Value>& variant) {
  return compare(f32, variant).error;
}

void AccuracyMeter::add(const std::vector<Value>& f32, const std::vector<Value>& variant,
                        const std::vector<int64_t>& labels) {
  if (!labels.empty()) add_rows(f32, variant, labels, top_, drop_);
  const TensorError sample = compare(f32, variant);
  if (sample.error == 0 && !has_elements(f32)) return;
  errors_.push_back(sample.error);
  min_cosine_ = std::min(min_cosine_, sample.cosine);
  if (sample.error == kInfinity) return;
  for (size_t i = 0; i < f32.size(); ++i) {
    for (size_t t = 0; t < f32[i].tensors.size(); ++t) {
      const auto agreement = dnnbench::top1_agreement(f32[i].tensors[t], variant[i].tensors[t]);
      if (agreement) top1_.push_back(*agreement);
    }
  }
}

Accuracy AccuracyMeter::result() const {
  Accuracy accuracy{errors_.size(), given_, kInfinity, kInfinity, min_cosine_, {}, {}, ""};
  if (!errors_.empty()) accuracy.median_error = median(errors_);
  if (!errors_.empty()) accuracy.max_error = max(errors_);
  if (!top1_.empty()) accuracy.top1_agreement = mean(top1_);
  if (drop_.rows > 0) accuracy.drop = drop_;
  return accuracy;
}

Acceptance acceptance_of(const Accuracy& accuracy, const AccuracyBounds& bounds) {
  if (!bounds.max_error && !bounds.max_drop) return {};
  if (bounds.max_error && accuracy.samples == 0) {
    return {false, "no output has an element for any held-out sample"};
  }
  if (bounds.max_error && !(accuracy.max_error <= *bounds.max_error)) {
    return {false, fmt::format("an error of {:.2g} on held-out samples is above the bound of {:g}",
                               accuracy.max_error, *bounds.max_error)};
  }
  if (!bounds.max_drop) return {true, ""};
  if (!accuracy.no_drop.empty()) return {false, accuracy.no_drop};
  if (!accuracy.drop) return {false, "no held-out sample has a label"};
  const Drop& drop = *accuracy.drop;
  if (drop.high() <= *bounds.max_drop) return {true, ""};
  return {false,
          fmt::format("{} drops by {:.2g} [{:.2g}, {:.2g}] on {} held-out {}, which may be more "
                      "than the bound of {:g}{}",
                      drop.counts() ? drop.metric : "the metric", drop.drop(), drop.low(),
                      drop.high(), drop.rows, drop.counts() ? "rows" : "samples", *bounds.max_drop,
                      drop.drop() <= *bounds.max_drop ? "; more samples may decide it" : "")};
}

}  // namespace dnnbench
