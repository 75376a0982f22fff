#include "verify/accuracy.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/statistics.h"
#include "verify/compare_values.h"
#include "verify/difference.h"

namespace dnnbench {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct TensorError {
  double error = 0;
  double cosine = 1;
};

TensorError compare(const Tensor& f32, const Tensor& variant) {
  if (f32.element_count() == 0) return {};
  if (!is_floating_point(f32.type)) {
    const auto differing = static_cast<double>(differing_elements(f32, variant).size());
    return {differing / static_cast<double>(f32.element_count()), 1};
  }
  const std::vector<double> expected = to_doubles(f32);
  const Difference found = difference(expected, to_doubles(variant), scale_of(expected));
  if (found.not_finite_at) return {kInfinity, -1};
  return {found.norm, found.cosine};
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

}  // namespace

double error_of(const std::vector<Value>& f32, const std::vector<Value>& variant) {
  return compare(f32, variant).error;
}

void AccuracyMeter::add(const std::vector<Value>& f32, const std::vector<Value>& variant) {
  const TensorError sample = compare(f32, variant);
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
  Accuracy accuracy{errors_.size(), given_, median(errors_), max(errors_), min_cosine_, {}};
  if (!top1_.empty()) accuracy.top1_agreement = mean(top1_);
  return accuracy;
}

Acceptance acceptance_of(const Accuracy& accuracy, std::optional<double> max_error) {
  if (!max_error) return {};
  if (accuracy.max_error <= *max_error) return {true, ""};
  return {false, fmt::format("an error of {:.2g} on held-out samples is above the bound of {:g}",
                             accuracy.max_error, *max_error)};
}

}  // namespace dnnbench
