// How far one tensor's numbers lie from another's, in the measures that the tolerances are stated
// in. All are relative, so that one number fits every tensor of a model, and none explodes where
// the reference passes through zero: an element's error is taken relative to the reference's
// element or to the tensor's root mean square, whichever is larger.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace dnnbench {

struct Difference {
  double norm = 0;                      // Euclidean norm of the difference / that of the reference
  double norm_of_others = 0;            // the same without the element whose error is largest
  double largest = 0;                   // largest |error| / max(|reference element|, scale)
  size_t largest_at = 0;                // where that is
  double max_abs = 0;                   // largest |error|, which may be elsewhere
  double cosine = 1;                    // of the angle between the two; 1 where both are zero
  std::optional<size_t> not_finite_at;  // first element that is NaN, +Inf or -Inf in only one of
                                        // the two; the measures above leave out what is not finite
};

// The root mean square of the finite elements, which errors in small elements are relative to. At
// least the smallest normal float, below which engines may flush to zero; 1 for a tensor of zeros.
double scale_of(std::span<const double> reference);

// Both spans have the same length. `scale` is scale_of(reference).
Difference difference(std::span<const double> reference, std::span<const double> other,
                      double scale);

}  // namespace dnnbench
