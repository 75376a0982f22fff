#include "spatial.h"

#include <gtest/gtest.h>

namespace dnnbench::tf {
namespace {

Windows windows(int64_t input, int64_t kernel, int64_t stride, int64_t before, int64_t after) {
  const int64_t output = (input + before + after - kernel) / stride + 1;
  return {{input}, {kernel}, {stride}, {1}, {before}, {after}, {0}, {output}};
}

TEST(Windows, KnowTheLibrarysOwnPadding) {
  EXPECT_TRUE(is_same_padding(windows(224, 3, 1, 1, 1)));
  EXPECT_TRUE(is_same_padding(windows(224, 3, 2, 0, 1)));
  // What most exporters write for a stride of 2 is not the same: it is shifted by one.
  EXPECT_FALSE(is_same_padding(windows(224, 3, 2, 1, 1)));
}

}  // namespace
}  // namespace dnnbench::tf
