#include "compare/run_to_run.h"

#include <gtest/gtest.h>

namespace dnnbench {
namespace {

StoredResult run_of(const std::string& backend, double median_s) {
  StoredResult result;
  result.model = "m";
  result.backend = backend;
  result.backend_meta = "cpu";
  result.times_s = {median_s};
  result.path = std::to_string(median_s);
  return result;
}

TEST(RunToRun, OneRunOfEachSaysNothing) {
  const RunToRun unknown = run_to_run({run_of("a", 1), run_of("b", 3)});
  EXPECT_EQ(unknown.ratio, kUnknownRunToRun);
  EXPECT_EQ(unknown.runs, 0U);
}

TEST(RunToRun, TwoRunsSayLittleAndManySayMore) {
  EXPECT_EQ(run_to_run({run_of("a", 1), run_of("a", 1.01)}).ratio, kUnknownRunToRun);
  std::vector<StoredResult> many;
  for (const double s : {1.0, 1.01, 1.005, 1.002, 0.998, 1.007}) many.push_back(run_of("a", s));
  const RunToRun known = run_to_run(many);
  EXPECT_EQ(known.runs, 6U);
  EXPECT_GT(known.ratio, 1.012);  // what was seen
  EXPECT_LT(known.ratio, 1.05);
}

TEST(RunToRun, IsNeverLessThanWhatWasSeen) {
  EXPECT_NEAR(run_to_run({run_of("a", 1), run_of("a", 1.6)}).ratio, 1.6, 1e-9);
}

TEST(RunToRun, OtherVersionsAndDisturbedRunsAreNoRepetition) {
  StoredResult newer = run_of("a", 2), disturbed = run_of("a", 3);
  newer.conditions["engine_version"] = "\"2\"";
  disturbed.suspect = true;
  EXPECT_EQ(run_to_run({run_of("a", 1), newer, disturbed}).runs, 0U);
}

}  // namespace
}  // namespace dnnbench
