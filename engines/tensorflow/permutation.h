// In which order the dimensions of an ONNX value lie in memory. Convolutions and pools on CPUs want
// the channels last, ONNX has them second; so a value may be stored in another order than its
// logical one, and is brought back only where somebody needs it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace dnnbench::tf {

using Shape = std::vector<int64_t>;  // -1: not known before the graph runs

// Stored dimension i is logical dimension permutation[i]. Empty: the logical order, of any rank.
using Permutation = std::vector<int>;

// {0, 2, 3, 1} for rank 4. Empty below rank 3.
Permutation channels_last(size_t rank);

// The identity becomes the empty permutation.
Permutation normalized(Permutation permutation);

// The same for a permutation of a known rank, never empty but for rank 0.
Permutation spelled_out(const Permutation& permutation, size_t rank);

// Which stored dimension the logical dimension is.
int stored_axis(const Permutation& permutation, int logical);

Shape stored_shape(const Shape& logical, const Permutation& permutation);
Shape logical_shape(const Shape& stored, const Permutation& permutation);

// The axes of a transposition that brings what is stored by `from` into the order of `to`.
std::vector<int> transposition(const Permutation& from, const Permutation& to, size_t rank);

// Whether that transposition moves only dimensions of size 1, so that a reshape does. `logical` is
// the value's shape.
bool moves_only_ones(const Permutation& from, const Permutation& to, const Shape& logical);

// For a reshape that keeps channels last: the order in which `from` must be stored so that a plain
// reshape of memory gives `to` stored in the order `result`.
struct ReshapeOrder {
  Permutation source;
  Permutation result;
};

// Splits both shapes into groups of dimensions with equal products and keeps the groups in the
// order in which `stored` has them. nullopt when a size is unknown or 0.
std::optional<ReshapeOrder> reshape_order(const Shape& from, const Shape& to,
                                          const Permutation& stored);

}  // namespace dnnbench::tf
