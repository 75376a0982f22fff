#include "core/outcome.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace dnnbench {
namespace {

TEST(Outcome, HasANameForEveryKindAndBack) {
  for (const char* name :
       {"ok", "unsupported", "failed", "crashed", "timed_out", "out_of_memory", "wrong_output"}) {
    EXPECT_EQ(to_string(outcome_kind_from_string(name)), name);
  }
}

TEST(Outcome, KnowsNoOtherName) {
  for (const char* name : {"", "OK", "timeout", "wrong", "ok "}) {
    EXPECT_THROW(outcome_kind_from_string(name), Error) << name;
  }
}

TEST(Outcome, OnlyOkIsOk) {
  EXPECT_TRUE(Outcome{}.ok());
  EXPECT_FALSE((Outcome{OutcomeKind::kWrongOutput, "differs"}).ok());
}

}  // namespace
}  // namespace dnnbench
