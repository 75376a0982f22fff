#include "verify/parts.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/tensor.h"

namespace dnnbench {
namespace {

constexpr double kMinFiller = 1e4;       // BERT's masks have -10000
constexpr double kFillerGap = 0x1p10;    // above the root mean square of all others
constexpr double kFillerRange = 0x1p-8;  // a score may have been added to the constant
constexpr size_t kMinFillers = 2;        // one huge number may be a result

constexpr double kPixels = 0x1p5;  // root mean square of what can't be scores
constexpr int64_t kMaxSlices = 1024;
constexpr size_t kMinSlice = 64;  // so many numbers are not from 0 to 1 by chance

double largest_magnitude(std::span<const double> numbers) {
  double largest = 0;
  for (const double number : numbers) {
    if (std::isfinite(number)) largest = std::max(largest, std::fabs(number));
  }
  return largest;
}

// Along one axis: `size` slices of elements that lie `stride` apart.
std::vector<size_t> scores_along(std::span<const double> numbers, size_t size, size_t stride) {
  const auto slice_of = [&](size_t i) { return i / stride % size; };
  std::vector<bool> is_score(size, true);
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (!(numbers[i] >= 0 && numbers[i] <= 1)) is_score[slice_of(i)] = false;
  }
  std::vector<size_t> scores;
  size_t zeros = 0, others = 0;
  double squares = 0;
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (is_score[slice_of(i)]) {
      scores.push_back(i);
      if (numbers[i] == 0) ++zeros;
    } else if (std::isfinite(numbers[i])) {
      squares += numbers[i] * numbers[i];
      ++others;
    }
  }
  // Mostly zeros are what Relu leaves, or rows that pad.
  const bool are_scores = 2 * zeros <= scores.size();
  const bool are_pixels = squares >= kPixels * kPixels * static_cast<double>(others);
  return others > 0 && are_scores && are_pixels ? scores : std::vector<size_t>();
}

}  // namespace

std::optional<double> filler_magnitude(std::span<const double> numbers) {
  const double largest = largest_magnitude(numbers);
  if (largest < kMinFiller) return std::nullopt;
  const double magnitude = largest * (1 - kFillerRange);
  size_t positive = 0, negative = 0, others = 0;
  double squares = 0;
  for (const double number : numbers) {
    if (!std::isfinite(number)) continue;
    if (std::fabs(number) >= magnitude) {
      ++(number > 0 ? positive : negative);
    } else {
      squares += (number / largest) * (number / largest);  // the squares of doubles may overflow
      ++others;
    }
  }
  const bool are_constant = std::min(positive, negative) == 0;
  if (!are_constant || positive + negative < kMinFillers || squares == 0) return std::nullopt;
  const double scale = std::sqrt(squares / static_cast<double>(others));
  return scale * kFillerGap <= 1 - kFillerRange ? std::optional(magnitude) : std::nullopt;
}

bool has_same_fillers(std::span<const double> numbers, std::span<const double> other,
                      double magnitude, double relative) {
  for (size_t i = 0; i < numbers.size(); ++i) {
    const double size = std::fabs(numbers[i]);
    if (!std::isfinite(size) || size < magnitude) continue;
    if (!(std::fabs(other[i] - numbers[i]) <= relative * size)) return false;
  }
  return true;
}

std::vector<size_t> positions_below(std::span<const double> numbers, double magnitude) {
  std::vector<size_t> positions;
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (std::fabs(numbers[i]) < magnitude) positions.push_back(i);
  }
  return positions;
}

std::vector<size_t> scores_beside_pixels(std::span<const double> numbers,
                                         std::span<const int64_t> shape) {
  std::vector<size_t> most;
  const bool complex = static_cast<size_t>(element_count(shape)) != numbers.size();
  if (complex || largest_magnitude(numbers) < kPixels) return most;
  size_t stride = 1;
  for (size_t axis = shape.size(); axis-- > 0;) {
    const auto size = static_cast<size_t>(shape[axis]);
    if (shape[axis] >= 2 && shape[axis] <= kMaxSlices && numbers.size() / size >= kMinSlice) {
      std::vector<size_t> scores = scores_along(numbers, size, stride);
      if (scores.size() > most.size()) most = std::move(scores);
    }
    stride *= size;
  }
  return most;
}

std::vector<double> elements_at(std::span<const double> numbers,
                                std::span<const size_t> positions) {
  std::vector<double> elements;
  elements.reserve(positions.size());
  for (const size_t position : positions) elements.push_back(numbers[position]);
  return elements;
}

Difference difference_at(std::span<const double> reference, std::span<const double> other,
                         std::span<const size_t> positions, std::optional<double> scale) {
  const std::vector<double> expected = elements_at(reference, positions);
  return difference(expected, elements_at(other, positions), scale ? *scale : scale_of(expected));
}

}  // namespace dnnbench
