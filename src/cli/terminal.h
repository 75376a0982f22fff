// What is known of the terminal, if there is one.
#pragma once

#include <cstddef>

namespace dnnbench {

// Columns of the terminal that this descriptor is; kUnlimitedWidth where it is none, such as a
// pipe.
inline constexpr size_t kUnlimitedWidth = static_cast<size_t>(-1);
size_t width_of(int descriptor);

// Whether text on it can be rewritten in place: a terminal, and not a dumb one.
bool can_rewrite(int descriptor);

// Whether it may be coloured: NO_COLOR (https://no-color.org) is not set.
bool can_colour(int descriptor);

}  // namespace dnnbench
