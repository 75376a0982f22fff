#include "permute_elements.h"

#include <cstring>

namespace dnnbench::tf {
namespace {

template <size_t kElementBytes>
void copy_strided(const std::byte* from, int64_t stride, int64_t count, std::byte* to) {
  for (int64_t i = 0; i < count; ++i) {
    std::memcpy(to + i * static_cast<int64_t>(kElementBytes), from + i * stride, kElementBytes);
  }
}

using CopyRow = void (*)(const std::byte*, int64_t, int64_t, std::byte*);

CopyRow copy_row(size_t element_bytes) {
  switch (element_bytes) {
    case 1:
      return copy_strided<1>;
    case 2:
      return copy_strided<2>;
    case 4:
      return copy_strided<4>;
    case 8:
      return copy_strided<8>;
    default:
      return copy_strided<16>;
  }
}

}  // namespace

void permute_elements(std::span<const std::byte> from, const Shape& shape,
                      const Permutation& permutation, size_t element_bytes, std::byte* to) {
  if (from.empty()) return;
  if (permutation.empty()) {
    std::memcpy(to, from.data(), from.size());
    return;
  }
  const size_t rank = shape.size();
  Shape strides(rank, static_cast<int64_t>(element_bytes));  // of the source, in bytes
  for (size_t i = rank - 1; i > 0; --i) strides[i - 1] = strides[i] * shape[i];
  const Shape sizes = stored_shape(shape, permutation);
  const Shape steps = stored_shape(strides, permutation);
  const CopyRow copy = copy_row(element_bytes);
  const int64_t row_bytes = sizes.back() * static_cast<int64_t>(element_bytes);
  const std::byte* const end = to + from.size();
  Shape index(rank, 0);
  const std::byte* source = from.data();
  for (; to != end; to += row_bytes) {
    copy(source, steps.back(), sizes.back(), to);
    for (size_t axis = rank - 1; axis-- > 0;) {
      source += steps[axis];
      if (++index[axis] < sizes[axis]) break;
      source -= steps[axis] * sizes[axis];
      index[axis] = 0;
    }
  }
}

}  // namespace dnnbench::tf
