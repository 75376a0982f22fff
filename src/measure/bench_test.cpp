// Whole runs of the fake engine. Needs dnnbench-engine-fake and ONNX Runtime.
#include "measure/bench.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "onnx/test_model.h"
#include "testing/temporary_folder.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

struct Listener : Progress {
  void note(const std::string& sentence) override { notes.push_back(sentence); }
  void step(const std::string&, const std::string&, std::optional<double>) override {}
  void finished(const Result& result) override { finished_metas.push_back(result.backend_meta); }

  std::vector<std::string> notes;
  std::vector<std::string> finished_metas;
};

class BenchModelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    testing::write_model(testing::doubling_model(), model());
    options_.output = folder_ / "results";
    options_.warmup = 0;
    options_.repeat = 20;
    options_.timeout_s = 60;
  }

  std::string model() const { return folder_ / "double.onnx"; }

  std::vector<Result> bench(const std::vector<std::string>& parts, int64_t free_memory_bytes) {
    options_.engines.clear();
    for (const std::string& part : parts) options_.engines.push_back({"fake", "fake", part});
    BenchSettings settings;
    settings.free_memory_bytes = [free_memory_bytes] { return free_memory_bytes; };
    return bench_model(options_, model(), listener_, settings);
  }

  static std::set<int64_t> blocks(const Result& result) {
    return {result.block.begin(), result.block.end()};
  }

  static size_t shared(const Result& a, const Result& b) {
    const std::set<int64_t> first = blocks(a), second = blocks(b);
    return std::count_if(first.begin(), first.end(),
                         [&](int64_t block) { return second.count(block) > 0; });
  }

  RunOptions options_;
  Listener listener_;
  const TemporaryFolder folder_;
};

constexpr int64_t kPlenty = int64_t{1} << 40;
constexpr int64_t kUnknown = 0;
constexpr int64_t kScarce = 1;

TEST_F(BenchModelTest, EnginesThatFitAreMeasuredTogether) {
  for (const int64_t free : {kPlenty, kUnknown}) {
    const std::vector<Result> results =
        bench({"ok,duration_s=0.002", "ok,duration_s=0.003", "ok,duration_s=0.004"}, free);
    EXPECT_EQ(blocks(results[0]), blocks(results[1]));
    EXPECT_EQ(blocks(results[0]), blocks(results[2]));
    EXPECT_TRUE(listener_.notes.empty());
    for (const Result& result : results) {
      EXPECT_EQ(result.data.size(), 20U);
      EXPECT_EQ(result.placing ? result.placing->anchor : "", "");
    }
  }
}

TEST_F(BenchModelTest, EnginesAreStartedAnewEveryTwoBlocks) {
  options_.repeat = 6;
  const std::vector<Result> results =
      bench({"ok,duration_s=0.002", "ok,duration_s=0.003"}, kPlenty);
  for (const Result& result : results) {
    ASSERT_GE(result.starts.size(), 3U);  // more where blocks were disturbed
    for (size_t i = 0; i < result.starts.size(); ++i) {
      EXPECT_EQ(result.starts[i], 2 * static_cast<int64_t>(i));
    }
    EXPECT_EQ(result.data.size(), 6U);
  }
}

TEST_F(BenchModelTest, StartingAnewTakesNoLongerThanTheBudget) {
  options_.repeat = 6;
  options_.budget_s = 1e-6;
  EXPECT_EQ(bench({"ok"}, kPlenty)[0].starts, std::vector<int64_t>{0});
}

TEST_F(BenchModelTest, NoEngineIsStartedAnewWhereMemoryMightNotHoldIt) {
  options_.repeat = 6;
  EXPECT_EQ(bench({"ok"}, kScarce)[0].starts, std::vector<int64_t>{0});
}

TEST_F(BenchModelTest, AnEngineThatDoesNotStartAgainEndsAndTheOthersGoOn) {
  options_.repeat = 6;
  const std::vector<Result> results =
      bench({"crash_on_second_load,file=" + folder_ / "loaded", "ok,duration_s=0.003"}, kPlenty);
  EXPECT_EQ(results[0].outcome.kind, OutcomeKind::kCrashed);
  EXPECT_TRUE(results[0].data.empty());
  EXPECT_TRUE(results[1].outcome.ok()) << results[1].outcome.reason;
  EXPECT_EQ(results[1].data.size(), 6U);
}

TEST_F(BenchModelTest, WhereMemoryIsScarceGroupsShareAnAnchor) {
  const std::vector<Result> results =
      bench({"ok,duration_s=0.002", "ok,duration_s=0.003", "unsupported", "ok,duration_s=0.004"},
            kScarce);
  ASSERT_EQ(listener_.notes.size(), 1U);
  EXPECT_EQ(
      listener_.notes[0],
      "memory does not hold all engines at once: they are measured in groups, each with fake");
  EXPECT_EQ(listener_.finished_metas.size(), 4U);
  EXPECT_EQ(listener_.finished_metas.front(), "ok_duration_s=0.003");  // the anchor stays
  EXPECT_GT(shared(results[0], results[1]), 0U);
  EXPECT_GT(shared(results[0], results[3]), 0U);
  EXPECT_EQ(shared(results[1], results[3]), 0U);
  EXPECT_EQ(results[0].data.size(), 40U);
  EXPECT_EQ(results[1].data.size(), 20U);
  EXPECT_TRUE(std::is_sorted(results[0].start_s.begin(), results[0].start_s.end()));
  if (std::any_of(results.begin(), results.end(), is_suspect)) {
    GTEST_SKIP() << "the machine is too busy for a ranking";
  }
  ASSERT_TRUE(results[3].placing);
  EXPECT_EQ(results[3].placing->anchor, "fake");
  EXPECT_EQ(results[3].placing->engines, 3U);
  EXPECT_EQ(results[3].placing->place, 3U);
  EXPECT_NEAR(results[3].placing->to_best.value, 2, 0.1);
}

TEST_F(BenchModelTest, AnAnchorThatEndsLeavesTheOthersTheirFigures) {
  const std::vector<Result> results =
      bench({"crash_later,calls=30", "ok,duration_s=0.003", "ok,duration_s=0.004"}, kScarce);
  EXPECT_EQ(results[0].outcome.kind, OutcomeKind::kCrashed);
  for (const size_t i : {1, 2}) {
    EXPECT_TRUE(results[i].outcome.ok()) << results[i].outcome.reason;
    EXPECT_EQ(results[i].data.size(), 20U);
  }
}

#ifndef __SANITIZE_ADDRESS__
TEST_F(BenchModelTest, AnEngineThatNeedsAllMemoryGetsAnotherChance) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_DATA, &before), 0);
  const rlimit small{rlim_t{1} << 30, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_DATA, &small), 0);
  const std::vector<Result> results =
      bench({"ok,duration_s=0.002", "ok,duration_s=0.003", "out_of_memory"}, kPlenty);
  ASSERT_EQ(setrlimit(RLIMIT_DATA, &before), 0);
  EXPECT_TRUE(results[0].outcome.ok());
  EXPECT_TRUE(results[1].outcome.ok());
  EXPECT_GT(shared(results[0], results[1]), 0U);
  EXPECT_EQ(results[2].outcome.kind, OutcomeKind::kOutOfMemory);
}
#endif

}  // namespace
}  // namespace dnnbench
