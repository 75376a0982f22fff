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
  double largest = 0;
  for (const double value : reference) {
    if (std::isfinite(value)) largest = std::max(largest, std::fabs(value));
  }
  if (largest == 0) return 1;
  double squares = 0;
  size_t finite = 0;
  for (const double value : reference) {
    if (!std::isfinite(value)) continue;
    squares += (value / largest) * (value / largest);  // the squares of doubles may overflow
    ++finite;
  }
  const double root_mean_square = largest * std::sqrt(squares / static_cast<double>(finite));
  return std::max<double>(root_mean_square, std::numeric_limits<float>::min());
}

Difference difference(std::span<const double> reference, std::span<const double> other,
                      double scale) {
  assert(reference.size() == other.size());
  Difference result;
  double squares = 0, largest_square = 0, dot = 0, reference_squares = 0, other_squares = 0;
  size_t finite = 0;
  for (size_t i = 0; i < reference.size(); ++i) {
    if (!std::isfinite(reference[i]) || !std::isfinite(other[i])) {
      if (!result.not_finite_at && !same_non_finite(reference[i], other[i])) {
        result.not_finite_at = i;
      }
      continue;
    }
    ++finite;
    const double expected = reference[i] / scale;
    const double got = other[i] / scale;
    const double error = std::fabs(got - expected);
    const double relative = error / std::max(std::fabs(expected), 1.0);
    if (relative > result.largest) {
      result.largest = relative;
      result.largest_at = i;
      largest_square = error * error;
    }
    result.max_abs = std::max(result.max_abs, std::fabs(other[i] - reference[i]));
    squares += error * error;
    dot += expected * got;
    reference_squares += expected * expected;
    other_squares += got * got;
  }
  if (finite == 0) return result;
  result.norm = std::sqrt(squares / static_cast<double>(finite));
  result.norm_of_others =
      std::sqrt(std::max(0.0, squares - largest_square) / static_cast<double>(finite));
  const double norms = std::sqrt(reference_squares) * std::sqrt(other_squares);
  const bool both_zero = reference_squares == 0 && other_squares == 0;
  result.cosine = both_zero ? 1 : norms == 0 ? 0 : std::clamp(dot / norms, -1.0, 1.0);
  return result;
}

}  // namespace dnnbench
