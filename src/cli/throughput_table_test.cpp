#include "cli/throughput_table.h"

#include <gtest/gtest.h>

#include "cli/table.h"
#include "cli/terminal.h"

namespace dnnbench {
namespace {

// As a pipe gets it.
std::string throughput_text(const std::vector<Result>& results) {
  return table_text(throughput_table(results), kUnlimitedWidth) + throughput_notes(results);
}

TriedSetting setting(int streams, int threads, double per_s) {
  TriedSetting tried{streams, threads, std::nullopt, per_s};
  tried.least_per_s = 0.98 * per_s;
  tried.greatest_per_s = 1.02 * per_s;
  tried.p99_s = 0.02;
  return tried;
}

TriedSetting compared(TriedSetting tried, size_t against, Ratio speed) {
  tried.against = against;
  tried.speed = speed;
  return tried;
}

Result tried(const std::string& backend, std::vector<TriedSetting> settings, size_t chosen) {
  Result result;
  result.model.path = "/models/tiny.onnx";
  result.candidate.backend = result.label = backend;
  result.mode = Mode::kThroughput;
  result.engine.verification.verdict = Verdict::kOk;
  result.engine.verification.max_rel_error = 0;
  result.measured.samples = {{0, 0, 0.02}};
  result.measured.blocks = 10;
  result.measured.throughput =
      ThroughputResult{"cpu", std::nullopt, std::move(settings), chosen, true};
  return result;
}

const Ratio kFaster{1.2, {1.15, 1.25}, Relation::kFaster};
const Ratio kTied{1.0, {0.995, 1.004}, Relation::kTie};

TEST(ThroughputTable, EverySettingIsARowAndTheBestOnesFirst) {
  TriedSetting broken{4, 1};
  broken.reason = "out_of_memory: no memory left";
  const std::string table = throughput_text(
      {tried("openvino", {setting(1, 4, 50), compared(setting(2, 2, 60), 0, kFaster), broken}, 1)});
  EXPECT_LT(table.find("2 x 2"), table.find("1 x 4"));
  EXPECT_NE(table.find("1.20x [1.15, 1.25]"), std::string::npos) << table;
  EXPECT_NE(table.find("openvino, 4 x 1: out_of_memory: no memory left"), std::string::npos);
}

TEST(ThroughputTable, ShowsWhatIsNotKnownAndWhatWentWrong) {
  TriedSetting unknown = compared(setting(2, 1, 60), 0, {0, {0, 0}, Relation::kUndecided});
  unknown.process_cores = {{0}, {1}};
  TriedSetting astray = unknown;
  astray.process_cores = {{0, 1}, {0, 1}};
  const Result kept = tried("openvino", {setting(1, 2, 50), unknown}, 0);
  EXPECT_EQ(throughput_text({kept}).find("share some"), std::string::npos);
  EXPECT_EQ(throughput_text({kept}).find("0.00x"), std::string::npos);
  const Result strayed = tried("openvino", {setting(1, 2, 50), astray}, 0);
  EXPECT_NE(throughput_text({strayed}).find(
                "openvino, 2 x 1: its processes left the cores assigned to them"),
            std::string::npos);
}

TEST(ThroughputSentence, ReportsTiesAndOverlaps) {
  const Result first =
      tried("openvino", {setting(1, 4, 60), compared(setting(2, 2, 60), 0, kTied)}, 0);
  EXPECT_EQ(throughput_sentence({first}),
            "openvino has the highest throughput: 60.0 items/s with 1 x 4 (2 x 2 is equally fast); "
            "outputs "
            "agree exactly.");
  const Result near = tried("tvm", {setting(1, 4, 59)}, 0);
  EXPECT_EQ(throughput_sentence({near, first}),
            "openvino or tvm has the highest throughput: their intervals overlap, so there is no "
            "winner yet; openvino: 60.0 items/s with 1 x 4 (2 x 2 is equally fast); tvm: 59.0 "
            "items/s with 1 x 4; outputs agree exactly.");
  const Result far = tried("tvm", {setting(1, 4, 40)}, 0);
  EXPECT_NE(throughput_sentence({far, first})
                .find("(2 x 2 is equally fast); next is tvm: 40.0 items/s with 1 x 4;"),
            std::string::npos);
}

// One that is not the second may be the fastest, too.
TEST(ThroughputSentence, NamesAllThatMayBeTheFastest) {
  const Result first = tried("openvino", {setting(1, 4, 60)}, 0);
  const Result second = tried("tvm", {setting(1, 4, 50)}, 0);
  Result third = tried("pytorch", {setting(1, 4, 45)}, 0);
  EXPECT_EQ(throughput_sentence({first, second, third}).find("openvino has the highest"), 0U);
  TriedSetting& wide = third.measured.throughput->tried[0];
  wide.greatest_per_s = 59;
  EXPECT_EQ(throughput_sentence({first, second, third})
                .find("openvino or pytorch has the highest throughput: their intervals overlap"),
            0U);
  wide.least_per_s = wide.greatest_per_s = std::nullopt;
  EXPECT_EQ(throughput_sentence({first, second, third})
                .find("openvino or pytorch has the highest throughput: not all their intervals "
                      "are known"),
            0U);
}

TEST(ThroughputTable, ADisturbedSettingIsNotTooSlow) {
  TriedSetting slow = setting(1, 4, 80);
  slow.reason = "an inference takes up to 30.0 ms, more than 20.0 ms";
  TriedSetting open = setting(4, 1, 70);
  open.reason = "most windows were disturbed: other programs used 0.80 cores";
  open.p99_s = 0;
  const Result unknown = tried("openvino", {slow, setting(2, 2, 50), open, open}, 1);
  const std::vector<Cells> rows = throughput_table({unknown}).rows;
  EXPECT_EQ(rows[1].back().text, "too slow");
  EXPECT_EQ(rows[2].back().text, "disturbed");
  EXPECT_NE(throughput_text({unknown}).find("openvino, 4 x 1: most windows were disturbed: "),
            std::string::npos);
  EXPECT_NE(throughput_sentence({unknown}).find("with 2 x 2 (4 x 1 may be as fast or faster);"),
            std::string::npos)
      << throughput_sentence({unknown});
  const Result known = tried("openvino", {open, setting(2, 2, 50), setting(4, 1, 40)}, 1);
  EXPECT_EQ(throughput_sentence({known}).find("may be"), std::string::npos);
}

TEST(ThroughputTable, SaysWhyNotAllSettingsWereTried) {
  Result result = tried("openvino", {setting(1, 2, 50)}, 0);
  EXPECT_EQ(throughput_text({result}).find("before all settings"), std::string::npos);
  result.measured.throughput->complete = false;
  result.measured.stopped = Stop::kBudget;
  EXPECT_NE(
      throughput_text({result}).find("openvino: the budget ran out before all settings were tried"),
      std::string::npos);
  result.measured.stopped = Stop::kInterrupted;
  EXPECT_NE(throughput_text({result}).find("openvino: interrupted before all settings were tried"),
            std::string::npos);
}

TEST(ThroughputTable, TheHeadingCountsTheCoresThatSettingsMayUse) {
  Result result = tried("openvino", {setting(1, 2, 50)}, 0);
  result.environment.physical_cores = 64;
  EXPECT_NE(heading({result}).find(": 64 cores,"), std::string::npos);
  result.environment.cgroup_cpu_quota = 2;
  EXPECT_NE(heading({result}).find(": 2 cores,"), std::string::npos);
}

TEST(ThroughputTable, AnEngineWithoutAnySettingSaysWhy) {
  Result result = tried("tvm", {setting(1, 1, 1)}, 0);
  result.measured.throughput.reset();
  result.outcome = {OutcomeKind::kCrashed, "ended by SIGSEGV"};
  EXPECT_NE(throughput_text({result}).find("tvm: crashed: ended by SIGSEGV"), std::string::npos);
}

}  // namespace
}  // namespace dnnbench
