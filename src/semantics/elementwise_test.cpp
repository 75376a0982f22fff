#include "semantics/elementwise.h"

#include <gtest/gtest.h>

namespace dnnbench::semantics {
namespace {

TEST(Selu, HasTheConstantsOfItsPaperWhereNoneAreGiven) {
  import::Node node;
  EXPECT_EQ(read_selu(node).alpha, 1.67326319217681884765625);
  EXPECT_EQ(read_selu(node).gamma, 1.05070102214813232421875);
  node.attributes["alpha"].f = 2;
  node.attributes["gamma"].f = 3;
  EXPECT_EQ(read_selu(node).alpha, 2);
  EXPECT_EQ(read_selu(node).gamma, 3);
}

}  // namespace
}  // namespace dnnbench::semantics
