#include "measure/run_history.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <thread>

#include "core/error.h"
#include "testing/temporary_folder.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

// The day is also the time of the start.
Result run_of(const std::string& backend, int day, double median_s) {
  Result result;
  result.model.sha256 = "abc";
  result.candidate.backend = backend;
  result.backend_meta = "cpu";
  result.environment.cpu_model = "a processor";
  result.instance = "here";
  result.started_at = "2026-11-" + std::to_string(day) + "T00:00:00Z";
  result.measured.samples = {{0, 0, median_s}};
  result.measured.blocks = 1;
  result.p50_interval_s = Interval{median_s, median_s};
  return result;
}

class RunHistory : public ::testing::Test {
 protected:
  // What the result then knows of two runs.
  std::optional<RunToRun> add(Result result) {
    std::vector<Result> results{std::move(result)};
    add_to_run_history(results, folder_);
    return results[0].run_to_run;
  }

  std::vector<fs::path> files() {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(folder_)) found.push_back(entry.path());
    return found;
  }

  const TemporaryFolder temporary_;
  const std::string folder_ = temporary_ / "runs";
};

TEST_F(RunHistory, FromItsThirdRunOnACandidateKnowsWhatTwoDifferBy) {
  EXPECT_EQ(add(run_of("a", 10, 0.0100)), std::nullopt);
  EXPECT_EQ(add(run_of("a", 11, 0.0101)), std::nullopt);
  const std::optional<RunToRun> known = add(run_of("a", 12, 0.01005));
  ASSERT_TRUE(known);
  EXPECT_EQ(known->runs, 3U);
  EXPECT_EQ(known->since, "2026-11-10T00:00:00Z");
  EXPECT_FALSE(known->of_others);
  // Student's t of two degrees of freedom, by the standard deviation of the logarithms.
  EXPECT_NEAR(known->ratio, std::exp(9.925 * std::sqrt(2.) * 0.004975), 2e-4);
}

TEST_F(RunHistory, OtherwiseTheMachinesOtherCandidatesTell) {
  for (int day = 10; day < 15; ++day) add(run_of("a", day, 0.01 + 1e-5 * day));
  const std::optional<RunToRun> known = add(run_of("b", 16, 0.5));
  ASSERT_TRUE(known);
  EXPECT_TRUE(known->of_others);
  EXPECT_EQ(known->runs, 5U);
  EXPECT_EQ(known->since, "2026-11-10T00:00:00Z");
}

TEST_F(RunHistory, AnotherMachineKnowsNothing) {
  for (int day = 10; day < 15; ++day) add(run_of("a", day, 0.01 + 1e-5 * day));
  Result upgraded = run_of("a", 16, 0.01);
  upgraded.environment.kernel = "Linux 7";
  EXPECT_EQ(add(upgraded), std::nullopt);
  EXPECT_EQ(files().size(), 2U);
}

// As many as before, but perhaps of another kind.
TEST_F(RunHistory, SoDoesAMachineThatRunsOnOtherCores) {
  for (int day = 10; day < 15; ++day) add(run_of("a", day, 0.01 + 1e-5 * day));
  Result efficient = run_of("a", 16, 0.018);
  efficient.environment.cores = "8-11";
  EXPECT_EQ(add(efficient), std::nullopt);
}

TEST_F(RunHistory, WhatSaysNothingOfTheMachineDoesNotCount) {
  add(run_of("a", 10, 0.01));
  Result disturbed = run_of("a", 11, 0.05), crashed = run_of("a", 12, 0.06),
         newer = run_of("a", 13, 0.07), traffic = run_of("a", 14, 0.08),
         few = run_of("a", 14, 0.09);
  few.p50_interval_s = median_interval({}, 0.01);
  disturbed.measured.blocks_disturbed = 1;
  crashed.outcome = {OutcomeKind::kCrashed, "ended by SIGSEGV"};
  newer.engine.load.engine_version = "2";
  traffic.mode = Mode::kTraffic;
  for (const Result& result : {disturbed, crashed, newer, traffic, few}) add(result);
  EXPECT_EQ(add(run_of("a", 15, 0.0101)), std::nullopt);
}

// Gone on with after Ctrl-C, or ranked later: it has the time it started.
TEST_F(RunHistory, ARunCountsOnce) {
  add(run_of("a", 10, 0.01));
  add(run_of("a", 11, 0.05));
  EXPECT_EQ(add(run_of("a", 11, 0.0101)), std::nullopt);
  EXPECT_LT(add(run_of("a", 12, 0.01005))->ratio, 1.1);
}

TEST_F(RunHistory, OldRunsAreForgotten) {
  add(run_of("a", 1, 0.02));
  std::optional<RunToRun> known;
  for (int day = 30; day < 50; ++day) known = add(run_of("a", day, 0.01 + 1e-6 * day));
  ASSERT_TRUE(known);
  EXPECT_EQ(known->runs, 20U);
  EXPECT_LT(known->ratio, 1.01);
}

TEST_F(RunHistory, OldMachinesAreForgotten) {
  for (int i = 0; i < 60; ++i) {
    Result container = run_of("a", 10, 0.01);
    container.instance = std::to_string(i);
    add(container);
  }
  EXPECT_EQ(files().size(), 50U);
}

TEST_F(RunHistory, ADamagedFileStartsAnew) {
  for (int day = 10; day < 15; ++day) add(run_of("a", day, 0.01 + 1e-5 * day));
  for (const char* text : {"", "[1]", R"({"medians_s": {"x": {"y": -1}}})", "{\"medians_s\": 3}"}) {
    std::ofstream(files().at(0), std::ios::trunc) << text;
    EXPECT_EQ(add(run_of("a", 16, 0.01)), std::nullopt) << text;
  }
}

TEST_F(RunHistory, ResultsAreWholeWhereItCanNotBeKept) {
  std::ofstream(folder_) << "a file in its place";
  std::vector<Result> results{run_of("a", 10, 0.01)};
  EXPECT_THROW(add_to_run_history(results, folder_), Error);
  EXPECT_EQ(results[0].measured.samples.size(), 1U);
}

TEST_F(RunHistory, RunsAtTheSameTimeLoseNothing) {
  std::vector<std::thread> threads;
  for (int day = 10; day < 13; ++day) {
    threads.emplace_back([this, day] { add(run_of("a", day, 0.01 + 1e-5 * day)); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(add(run_of("a", 20, 0.01))->runs, 4U);
}

}  // namespace
}  // namespace dnnbench
