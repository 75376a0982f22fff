#include "verify/difference.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

namespace dnnbench {
namespace {

bool same_non_finite(double a, double b) { return std::isnan(a) ? std::isnan(b) : a == b; }

}  // namespace

double scale_of(std::span<const double> reference) {
  double squares = 0;
  size_t finite = 0;
  for (const double value : reference) {
    if (!std::isfinite(value)) continue;
    squares += value * value;
    ++finite;
  }
  if (squares == 0) return 1;
  const double root_mean_square = std::sqrt(squares / static_cast<double>(finite));
  return std::max<double>(root_mean_square, std::numeric_limits<float>::min());
}

Difference difference(std::span<const double> reference, std::span<const double> other,
                      double scale) {
  assert(reference.size() == other.size());
  Difference result;
  double squares = 0, dot = 0, reference_squares = 0, other_squares = 0;
  size_t finite = 0;
  for (size_t i = 0; i < reference.size(); ++i) {
    if (!std::isfinite(reference[i]) || !std::isfinite(other[i])) {
      if (!result.not_finite_at && !same_non_finite(reference[i], other[i])) {
        result.not_finite_at = i;
      }
      continue;
    }
    ++finite;
    const double error = std::fabs(other[i] - reference[i]);
    const double relative = error / std::max(std::fabs(reference[i]), scale);
    if (relative > result.largest) {
      result.largest = relative;
      result.largest_at = i;
    }
    result.max_abs = std::max(result.max_abs, error);
    squares += error * error;
    dot += reference[i] * other[i];
    reference_squares += reference[i] * reference[i];
    other_squares += other[i] * other[i];
  }
  if (finite == 0) return result;
  const double norm_of_scale = scale * std::sqrt(static_cast<double>(finite));
  result.norm = std::sqrt(squares) / norm_of_scale;
  if (result.largest > 0) {
    const double largest_error = other[result.largest_at] - reference[result.largest_at];
    const double others = std::max(0.0, squares - largest_error * largest_error);
    result.norm_of_others = std::sqrt(others) / norm_of_scale;
  }
  const double norms = std::sqrt(reference_squares) * std::sqrt(other_squares);
  const bool both_zero = reference_squares == 0 && other_squares == 0;
  result.cosine = both_zero ? 1 : norms == 0 ? 0 : std::clamp(dot / norms, -1.0, 1.0);
  return result;
}

}  // namespace dnnbench
