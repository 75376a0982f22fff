#include "measure/against.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>

#include "core/sha256.h"
#include "onnx/test_model.h"

namespace dnnbench {
namespace {

Candidate candidate(const std::string& model, const std::string& backend,
                    const std::string& version = "", std::optional<int> threads = std::nullopt) {
  Candidate candidate;
  candidate.model_path = model;
  candidate.backend = candidate.engine = backend;
  candidate.engine_version = version;
  candidate.threads = threads;
  return candidate;
}

using Indices = std::vector<std::pair<size_t, size_t>>;

Indices pairs(const std::vector<Candidate>& candidates) {
  Indices indices;
  for (const CandidatePair& pair : pairs_of(candidates)) {
    indices.emplace_back(pair.before, pair.after);
  }
  return indices;
}

TEST(PairsOf, TheFirstModelIsComparedWithEachOtherOnTheSameEngine) {
  EXPECT_EQ(pairs({candidate("m", "a"), candidate("o", "a"), candidate("p", "a"),
                   candidate("m", "b"), candidate("o", "b"), candidate("p", "b")}),
            (Indices{{1, 0}, {2, 0}, {4, 3}, {5, 3}}));
}

TEST(PairsOf, VersionsAreComparedWithTheFirstOne) {
  EXPECT_EQ(pairs({candidate("m", "a", "1.0"), candidate("m", "a", "1.1"),
                   candidate("m", "a", "1.2"), candidate("m", "b")}),
            (Indices{{0, 1}, {0, 2}}));
}

TEST(PairsOf, ThreadsAreComparedWithTheFirstNumber) {
  EXPECT_EQ(pairs({candidate("m", "a", "", 1), candidate("m", "a", "", 2)}), (Indices{{0, 1}}));
}

// 1.0 on 1 thread beside 1.1 on 2 would say nothing of either.
TEST(PairsOf, VersionAndThreadsNeverDifferBoth) {
  EXPECT_EQ(pairs({candidate("m", "a", "1.0", 1), candidate("m", "a", "1.0", 2),
                   candidate("m", "a", "1.1", 1), candidate("m", "a", "1.1", 2)}),
            (Indices{{0, 1}, {0, 2}, {1, 3}}));
}

TEST(PairsOf, DifferentEnginesAreNoPair) {
  EXPECT_TRUE(pairs({candidate("m", "a"), candidate("m", "b")}).empty());
}

TEST(OnlyComparedWith, AreWhatAgainstAddedAndTheFilesOfVersus) {
  std::vector<Candidate> candidates{candidate("m", "a"), candidate("o", "a"),
                                    candidate("m", "a", "1.0")};
  mark_those_only_compared_with(candidates, 2);
  EXPECT_FALSE(candidates[0].only_compared_with);
  EXPECT_TRUE(candidates[1].only_compared_with);
  EXPECT_TRUE(candidates[2].only_compared_with);
}

// What --against makes of an earlier result with these settings, of a candidate without any.
AgainstPlan plan_with(const std::string& backend_meta, const RunOptions& options = {}) {
  const TemporaryFolder folder;
  onnx::ModelProto model = testing::empty_model();
  testing::add_input(model, "x", onnx::TensorProto::FLOAT, {"2"});
  testing::add_node(model, "Relu", {"x"}, {"y"});
  testing::add_output(model, "y", onnx::TensorProto::FLOAT, {"2"});
  const std::string path = folder / "m.onnx";
  testing::write_file(path, model.SerializeAsString());
  StoredResult earlier;
  earlier.model = "m";
  earlier.backend = "a";
  earlier.backend_meta = backend_meta;
  earlier.conditions["engine_version"] = "\"1.0\"";
  earlier.model_sha256 = sha256_of_file(path);
  return plan_against(options, {candidate(path, "a")}, {earlier},
                      [](const Candidate&) { return "1.0"; });
}

TEST(PlanAgainst, MeasuresWithTheThreadsOfThen) {
  const AgainstPlan plan = plan_with("cpu-threads=2");
  ASSERT_EQ(plan.pairs.size(), 1u);
  EXPECT_EQ(plan.candidates.back().threads, 2);
}

TEST(PlanAgainst, MeasuresWithThePrecisionOfThen) {
  RunOptions options;
  options.variants = true;
  for (const std::string precision : {"bf16", "int8", "int8-dynamic"}) {
    const AgainstPlan plan = plan_with("cpu-threads=2-precision=" + precision, options);
    ASSERT_EQ(plan.pairs.size(), 1u) << precision;
    EXPECT_EQ(plan.candidates.back().precision, precision);
    EXPECT_EQ(plan.candidates.back().threads, 2);
  }
}

// Nothing is there to calibrate with.
TEST(PlanAgainst, MeasuresNoQuantisedModelWithoutVariants) {
  EXPECT_TRUE(plan_with("cpu-precision=int8").pairs.empty());
  EXPECT_TRUE(plan_with("cpu-precision=int8-dynamic").pairs.empty());
}

TEST(PlanAgainst, SettingsThatNoRunHasAreNotMeasured) {
  for (const std::string number : {"99999999999", "x", "0", "2x"}) {
    const std::string meta = "cpu-threads=" + number;
    const AgainstPlan plan = plan_with(meta);
    ASSERT_EQ(plan.stored.size(), 1u) << meta;
    EXPECT_EQ(plan.stored[0].why, "its settings were others (" + meta + ")");
  }
}

// Candidates and earlier results of one engine.
class AgainstFolder : public ::testing::Test {
 protected:
  AgainstFolder() {
    onnx::ModelProto model = testing::empty_model();
    testing::add_input(model, "x", onnx::TensorProto::FLOAT, {"2"});
    testing::add_node(model, "Relu", {"x"}, {"y"});
    testing::add_output(model, "y", onnx::TensorProto::FLOAT, {"2"});
    for (const char* name : {"m", "n", "base/m"}) {
      model.set_producer_name(name);
      testing::write_file(path(name), model.SerializeAsString());
    }
  }

  std::string path(const std::string& name) const { return folder_ / (name + ".onnx"); }

  StoredResult& add(const std::string& name, const std::string& backend_meta,
                    const std::string& version = "1.0") {
    StoredResult& earlier = earlier_.emplace_back();
    earlier.model = std::filesystem::path(name).stem();
    earlier.model_path = path(name);
    earlier.model_sha256 = sha256_of_file(path(name));
    earlier.backend = "a";
    earlier.backend_meta = backend_meta;
    earlier.conditions["engine_version"] = '"' + version + '"';
    earlier.started_at = "2026-11-02T00:00:00Z";
    earlier.modified += std::chrono::seconds(earlier_.size());
    return earlier;
  }

  AgainstPlan plan(const std::vector<std::vector<Candidate>>& comparisons, size_t which = 0) const {
    RunOptions options;
    options.comparisons = comparisons;
    return plan_against(options, comparisons[which], earlier_,
                        [](const Candidate&) { return "1.1"; });
  }

  TemporaryFolder folder_;
  std::vector<StoredResult> earlier_;
};

// What --against measured again is stored beside today's.
TEST_F(AgainstFolder, OfOneRunTheCandidatesOwnResultCounts) {
  add("m", "cpu", "1.1");
  add("m", "cpu-version=1.0");
  AgainstPlan of_version = plan({{candidate(path("m"), "a")}});
  ASSERT_EQ(of_version.stored.size(), 1u);
  EXPECT_EQ(of_version.stored[0].before.backend_meta, "cpu");
  earlier_.clear();
  add("m", "cpu", "1.1");
  add("base/m", "cpu", "1.1");
  AgainstPlan of_file = plan({{candidate(path("m"), "a")}});
  ASSERT_EQ(of_file.stored.size(), 1u);
  EXPECT_EQ(of_file.stored[0].before.model_path, path("m"));
}

TEST_F(AgainstFolder, TheSingleEarlierModelIsNoSecondModels) {
  add("m", "cpu", "1.1");
  const std::vector<std::vector<Candidate>> two = {{candidate(path("m"), "a")},
                                                   {candidate(path("n"), "a")}};
  EXPECT_EQ(plan(two, 0).stored.size(), 1u);
  EXPECT_EQ(plan(two, 1).without_earlier.size(), 1u);
  // Alone, it is that model under another name.
  EXPECT_TRUE(plan({{candidate(path("n"), "a")}}).without_earlier.empty());
}

TEST_F(AgainstFolder, ASettingWithAnEarlierFormOfItsOwnIsNoOthers) {
  add("m", "cpu-threads=2", "1.1");
  const Candidate one = candidate(path("m"), "a", "", 1), two = candidate(path("m"), "a", "", 2),
                  four = candidate(path("m"), "a", "", 4);
  const AgainstPlan with_it = plan({{one, two}});
  EXPECT_TRUE(with_it.pairs.empty());
  ASSERT_EQ(with_it.stored.size(), 1u);
  EXPECT_EQ(with_it.stored[0].after, 1u);
  EXPECT_EQ(with_it.without_earlier.size(), 1u);
  // Either as likely.
  EXPECT_EQ(plan({{one, four}}).without_earlier.size(), 2u);
  EXPECT_EQ(plan({{one}}).pairs.size(), 1u);
}

// Latency `s` in so many blocks, undisturbed.
Result result_of(const Candidate& of, double s, int64_t blocks, int64_t first_block = 0) {
  Result result;
  result.candidate = of;
  result.model.path = "/models/" + of.model_path + ".onnx";
  for (int64_t block = first_block; block < first_block + blocks; ++block) {
    result.measured.samples.push_back({block, 0, s * (1 + 0.001 * static_cast<double>(block % 3))});
    result.measured.count_block("");
  }
  return result;
}

TEST(CompareInTurns, ReportsTheRatioAndWhatDiffers) {
  const Result before = result_of(candidate("m", "a", "1.0"), 0.010, 30);
  const Result after = result_of(candidate("m", "a", "1.1"), 0.012, 30);
  const Compared row = compare_in_turns(before, after, 0.01);
  EXPECT_EQ(row.label, "a: 1.0 -> 1.1");
  EXPECT_EQ(row.change, Change::kSlower);
  EXPECT_NEAR(row.ratio.value, 1.2, 1e-9);
  EXPECT_TRUE(row.in_turns);
  EXPECT_EQ(compare_in_turns(after, before, 0.01).change, Change::kFaster);
}

// The table above shows them so (results/result.h, shown_median_s).
TEST(CompareInTurns, ShowsTheMediansOfTheBestsBlocks) {
  Result before = result_of(candidate("m", "a", "1.0"), 0.010, 30);
  Result after = result_of(candidate("m", "a", "1.1"), 0.012, 30);
  for (Result* result : {&before, &after}) {
    result->engine.verification.verdict = Verdict::kOk;
    result->rank = Rank{};
  }
  before.rank->p50_s = 0.015;
  after.rank->p50_s = 0.018;
  const Compared row = compare_in_turns(before, after, 0.01);
  EXPECT_DOUBLE_EQ(*row.before_s, 0.015);
  EXPECT_DOUBLE_EQ(*row.after_s, 0.018);
}

// Memory for two: each took turns with the anchor, never with the other.
TEST(CompareInTurns, ComparesGroupsByTheirAnchorOrNotAtAll) {
  const Result anchor = result_of(candidate("m", "x"), 0.030, 60);
  const Result before = result_of(candidate("m", "a", "1.0"), 0.010, 30);
  const Result after = result_of(candidate("m", "a", "1.1"), 0.020, 30, 30);
  const Compared by_anchor = compare_in_turns(before, after, 0.01, &anchor);
  EXPECT_EQ(by_anchor.change, Change::kSlower);
  EXPECT_NEAR(by_anchor.ratio.value, 2, 1e-9);
  const Result gone = result_of(candidate("m", "x"), 0.030, 20);
  for (const Result* const none : {static_cast<const Result*>(nullptr), &gone}) {
    const Compared row = compare_in_turns(before, after, 0.01, none);
    EXPECT_EQ(row.change, Change::kNotCompared);
    EXPECT_EQ(row.reason, "not compared, because they took no turns with each other");
  }
}

TEST(CompareInTurns, WhatIsSuspectOrBrokenIsNeitherFasterNorSlower) {
  const Result good = result_of(candidate("m", "a", "1.0"), 0.010, 30);
  Result disturbed = result_of(candidate("m", "a", "1.1"), 0.012, 30);
  for (int i = 0; i < 31; ++i) disturbed.measured.count_block("something");
  EXPECT_EQ(compare_in_turns(good, disturbed, 0.01).change, Change::kSuspect);
  Result crashed = result_of(candidate("m", "a", "1.1"), 0.012, 0);
  crashed.outcome = {OutcomeKind::kCrashed, "ended by SIGSEGV"};
  EXPECT_EQ(compare_in_turns(good, crashed, 0.01).change, Change::kBroken);
}

// Whatever it was when it was stored, today there is nothing to compare with.
TEST(CompareInTurns, WhatIsNotOkTodayIsNoYardstick) {
  const Result good = result_of(candidate("m", "a", "1.1"), 0.012, 30);
  Result crashed = result_of(candidate("m", "a", "1.0"), 0.012, 0);
  crashed.outcome = {OutcomeKind::kCrashed, "ended by SIGSEGV"};
  Compared row = compare_in_turns(crashed, good, 0.01);
  EXPECT_EQ(row.change, Change::kNotCompared);
  EXPECT_EQ(row.reason,
            "not compared, because what was before is crashed today (ended by SIGSEGV)");
  Result retrained = result_of(candidate("o", "a", "1.1"), 0.004, 0);
  retrained.outcome = {OutcomeKind::kWrongOutput, "y is off by 1"};
  row = compare_in_turns(retrained, good, 0.01);
  EXPECT_EQ(row.change, Change::kNotCompared);
  EXPECT_EQ(row.reason, "not compared, because what was before has other outputs (y is off by 1)");
  EXPECT_EQ(compare_in_turns(crashed, crashed, 0.01).change, Change::kNoFigure);
}

}  // namespace
}  // namespace dnnbench
