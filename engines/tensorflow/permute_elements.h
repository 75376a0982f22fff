// Constants in another order of dimensions.
#pragma once

#include <cstddef>
#include <span>

#include "permutation.h"

namespace dnnbench::tf {

// Copies a row-major tensor of `shape` to `to`, its dimensions in the order of `permutation`.
// `element_bytes` is 1, 2, 4, 8 or 16; neither side need be aligned.
void permute_elements(std::span<const std::byte> from, const Shape& shape,
                      const Permutation& permutation, size_t element_bytes, std::byte* to);

}  // namespace dnnbench::tf
