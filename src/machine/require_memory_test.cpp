#include "machine/require_memory.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace dnnbench {
namespace {

TEST(RequireMemory, RefusesInASentenceWhatNoMachineHolds) {
  require_memory(1, "the tensor 'w'");
  try {
    require_memory(1e18, "the tensor 'w'");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what())
                  .rfind("the tensor 'w' takes 1000000000000 MB of memory to read, but only ", 0),
              0U);
  }
}

}  // namespace
}  // namespace dnnbench
