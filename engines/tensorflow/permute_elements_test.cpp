#include "permute_elements.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace dnnbench::tf {
namespace {

template <typename T>
std::vector<T> permuted(const std::vector<T>& from, const Shape& shape,
                        const Permutation& permutation) {
  std::vector<T> to(from.size());
  permute_elements(std::as_bytes(std::span(from)), shape, permutation, sizeof(T),
                   reinterpret_cast<std::byte*>(to.data()));
  return to;
}

TEST(PermuteElements, TransposesElementsOfEverySize) {
  EXPECT_EQ(permuted<char>({1, 2, 3, 4, 5, 6}, {2, 3}, {1, 0}),
            (std::vector<char>{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(permuted<double>({1, 2, 3, 4, 5, 6}, {2, 3}, {1, 0}),
            (std::vector<double>{1, 4, 2, 5, 3, 6}));
}

TEST(PermuteElements, BringsFiltersIntoTheLibrarysOrder) {
  std::vector<int> from(2 * 3 * 2 * 2);
  std::iota(from.begin(), from.end(), 0);
  const std::vector<int> to = permuted(from, {2, 3, 2, 2}, {2, 3, 1, 0});
  size_t at = 0;
  for (int row = 0; row < 2; ++row) {
    for (int column = 0; column < 2; ++column) {
      for (int input = 0; input < 3; ++input) {
        for (int output = 0; output < 2; ++output) {
          EXPECT_EQ(to[at++], ((output * 3 + input) * 2 + row) * 2 + column);
        }
      }
    }
  }
}

TEST(PermuteElements, CopiesWhatStaysAndTakesNothing) {
  EXPECT_EQ(permuted<int>({1, 2, 3}, {3}, {}), (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(permuted<int>({}, {0, 4}, {1, 0}), std::vector<int>{});
}

}  // namespace
}  // namespace dnnbench::tf
