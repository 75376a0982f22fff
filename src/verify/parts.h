// Parts of a tensor whose numbers have a scale of their own, which that of the whole would hide:
// errors are measured relative to the root mean square of all elements.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "verify/difference.h"

namespace dnnbench {

// Fillers are huge constants that masks leave where an element means nothing (-1e9, the lowest
// float). Returned is the magnitude that they begin at; nothing where there are none, or nothing
// else than zeros beside them.
std::optional<double> filler_magnitude(std::span<const double> numbers);

// Whether all elements of that magnitude are the same in `other`, within `relative` of themselves.
bool has_same_fillers(std::span<const double> numbers, std::span<const double> other,
                      double magnitude, double relative);

// The finite elements that are smaller.
std::vector<size_t> positions_below(std::span<const double> numbers, double magnitude);

// The scores in an output that has them in one tensor with boxes in pixels, as YOLO's [1,84,8400]:
// along one axis some slices hold numbers from 0 to 1 alone, and the others' root mean square is
// far above 1. Empty where there are no such slices.
std::vector<size_t> scores_beside_pixels(std::span<const double> numbers,
                                         std::span<const int64_t> shape);

std::vector<double> elements_at(std::span<const double> numbers, std::span<const size_t> positions);

// Of these elements alone, by their own scale or the one given; `largest_at` counts them.
Difference difference_at(std::span<const double> reference, std::span<const double> other,
                         std::span<const size_t> positions,
                         std::optional<double> scale = std::nullopt);

}  // namespace dnnbench
