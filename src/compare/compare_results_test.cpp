#include "compare/compare_results.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <random>

namespace dnnbench {
namespace {

StoredResult measured(const std::string& backend, double latency_s, double sigma = 0.001,
                      size_t blocks = 30) {
  std::mt19937_64 random(std::hash<std::string>()(backend) + static_cast<size_t>(1e6 * latency_s));
  std::normal_distribution<double> normal;
  StoredResult result;
  result.model = "tiny";
  result.backend = backend;
  result.backend_meta = "cpu";
  result.instance = "here";
  result.verdict = Verdict::kOk;
  for (size_t block = 0; block < blocks; ++block) {
    const double drift = std::exp(sigma * normal(random));
    for (int i = 0; i < 5; ++i) {
      result.times_s.push_back(latency_s * drift);
      result.block.push_back(static_cast<double>(block));
    }
  }
  return result;
}

// On a machine whose runs don't differ.
Compared compare_one(const StoredResult& before, const StoredResult& after) {
  return compare_results({before}, {after}, 0.99, {1, 20}).rows.at(0);
}

TEST(CompareResults, ReportsFasterSlowerAndTie) {
  const StoredResult before = measured("a", 0.010);
  EXPECT_EQ(compare_one(before, measured("a", 0.011)).change, Change::kSlower);
  EXPECT_EQ(compare_one(before, measured("a", 0.009)).change, Change::kFaster);
  EXPECT_EQ(compare_one(before, measured("a", 0.01001)).change, Change::kTie);
  const Compared slower = compare_one(before, measured("a", 0.011));
  EXPECT_NEAR(slower.ratio.value, 1.1, 0.005);
  EXPECT_TRUE(slower.ratio.interval.holds(1.1));
  EXPECT_NEAR(*slower.after_s, 0.011, 1e-4);
}

TEST(CompareResults, ClaimsNothingFromNoiseOrTooFewBlocks) {
  EXPECT_EQ(compare_one(measured("a", 0.010, 0.1), measured("a", 0.0103, 0.1)).change,
            Change::kUndecided);
  const Compared few = compare_one(measured("a", 0.010, 0.001, 5), measured("a", 0.02, 0.001, 5));
  EXPECT_EQ(few.change, Change::kUndecided);
  EXPECT_TRUE(std::isinf(few.ratio.interval.high));
}

// Ten thousand times of one slow minute are one observation, not ten thousand.
TEST(CompareResults, CountsBlocksNotSamples) {
  StoredResult before = measured("a", 0.010, 0, 2), after = measured("a", 0.011, 0, 2);
  for (StoredResult* result : {&before, &after}) {
    const std::vector<double> times = result->times_s, blocks = result->block;
    for (int i = 0; i < 1000; ++i) {
      result->times_s.insert(result->times_s.end(), times.begin(), times.end());
      result->block.insert(result->block.end(), blocks.begin(), blocks.end());
    }
  }
  EXPECT_EQ(compare_one(before, after).change, Change::kUndecided);
}

TEST(CompareResults, AFileWithoutBlocksIsCutIntoPieces) {
  StoredResult before = measured("a", 0.010), after = measured("a", 0.011);
  before.block.clear();
  after.block.clear();
  EXPECT_EQ(compare_one(before, after).change, Change::kSlower);
  after.times_s.resize(5);
  EXPECT_EQ(compare_one(before, after).change, Change::kUndecided);
}

TEST(CompareResults, WhatHasNoFigureIsReported) {
  const StoredResult ok = measured("a", 0.010);
  StoredResult crashed = ok;
  crashed.outcome = {OutcomeKind::kCrashed, "ended by SIGSEGV"};
  crashed.times_s.clear();
  const Compared broken = compare_one(ok, crashed);
  EXPECT_EQ(broken.change, Change::kBroken);
  EXPECT_EQ(broken.reason, "ended by SIGSEGV");
  EXPECT_EQ(compare_one(crashed, ok).change, Change::kFixed);
  EXPECT_EQ(compare_one(crashed, crashed).change, Change::kNoFigure);
  StoredResult suspect = measured("a", 0.02);
  suspect.suspect = true;
  EXPECT_EQ(compare_one(ok, suspect).change, Change::kSuspect);
  const ComparedFolders apart = compare_results({ok}, {measured("b", 0.01)}, 0.99);
  ASSERT_EQ(apart.rows.size(), 2U);
  EXPECT_EQ(apart.rows[0].change, Change::kMissing);
  EXPECT_EQ(apart.rows[1].change, Change::kNew);
}

TEST(CompareResults, SettingsAndMachinesAreKeptApart) {
  StoredResult one = measured("a", 0.01), other = measured("a", 0.02);
  other.backend_meta = "cpu-threads=1";
  EXPECT_EQ(compare_results({one, other}, {one, other}, 0.99).rows.size(), 2U);
  // One machine per folder: they are compared although their names differ.
  other = measured("a", 0.02);
  other.instance = "there";
  EXPECT_EQ(compare_results({one}, {other}, 0.99).rows.at(0).change, Change::kSlower);
  // Several: each with itself.
  const ComparedFolders fleet = compare_results({one, other}, {one, other}, 0.99);
  ASSERT_EQ(fleet.rows.size(), 2U);
  EXPECT_EQ(fleet.rows[0].change, Change::kTie);
  EXPECT_EQ(fleet.rows[1].change, Change::kTie);
}

TEST(CompareResults, WarnsOfEachDifferenceOnce) {
  StoredResult before = measured("a", 0.01), after = before;
  StoredResult before_b = measured("b", 0.01), after_b = before_b;
  for (StoredResult* result : {&before, &before_b}) {
    result->conditions = {{"threads", "2"}, {"environment.kernel", "\"6.1\""}};
  }
  for (StoredResult* result : {&after, &after_b}) {
    result->conditions = {{"threads", "4"}, {"environment.kernel", "\"6.1\""}};
  }
  before.conditions["engine_version"] = "\"1\"";
  after.conditions["engine_version"] = "\"2\"";
  EXPECT_EQ(compare_results({before, before_b}, {after, after_b}, 0.99).warnings,
            (std::vector<std::string>{"a: engine_version differs: \"1\" before, \"2\" after",
                                      "threads differs: 2 before, 4 after"}));
}

TEST(CompareResults, TheIntervalHoldsWhatTwoRunsDifferBy) {
  const StoredResult before = measured("a", 0.010), after = measured("a", 0.0134);
  const auto row = [&](const RunToRun& known) {
    return compare_results({before}, {after}, 0.99, known).rows.at(0);
  };
  EXPECT_EQ(row({1.05, 6}).change, Change::kSlower);
  EXPECT_EQ(row({}).change, Change::kUndecided);
  EXPECT_TRUE(row({}).ratio.interval.holds(1));
  EXPECT_EQ(compare_results({before}, {measured("a", 0.02)}, 0.99).rows[0].change, Change::kSlower);
}

TEST(CompareResults, AResultCarriesWhatTwoRunsDifferBy) {
  StoredResult before = measured("a", 0.010);
  before.run_to_run = RunToRun{1.05, 6};
  const Compared row = compare_results({before}, {measured("a", 0.0134)}, 0.99).rows.at(0);
  EXPECT_EQ(row.change, Change::kSlower);
  EXPECT_EQ(row.run_to_run, (RunToRun{1.05, 6}));
}

TEST(CompareResults, WhatWasOnlyComparedWithIsNotMissing) {
  const StoredResult now = measured("a", 0.01);
  StoredResult earlier = measured("a", 0.02);
  earlier.backend_meta = "cpu-version=1.0";
  EXPECT_EQ(compare_results({now, earlier}, {now}, 0.99).rows.size(), 2U);
  earlier.only_compared_with = true;
  for (const ComparedFolders& compared : {compare_results({now, earlier}, {now}, 0.99),
                                          compare_results({now}, {now, earlier}, 0.99)}) {
    ASSERT_EQ(compared.rows.size(), 1U);
    EXPECT_EQ(compared.rows[0].change, Change::kTie);
  }
  // It stands for no other version or setting either.
  StoredResult other = now;
  other.backend_meta = "cpu-threads=1";
  const ComparedFolders others = compare_results({earlier}, {other}, 0.99);
  ASSERT_EQ(others.rows.size(), 1U);
  EXPECT_EQ(others.rows[0].change, Change::kNew);
  // Where both runs have it, it is compared.
  EXPECT_EQ(compare_results({now, earlier}, {now, earlier}, 0.99).rows.size(), 2U);
}

TEST(CompareResults, AnotherModelThatWasOnlyComparedWithLeavesTheOtherTheSingleOne) {
  StoredResult before = measured("a", 0.01), base = measured("a", 0.01), after = before;
  before.model = "a";
  base.model = "base";
  base.only_compared_with = true;
  after.model = "b";
  const ComparedFolders compared = compare_results({before, base}, {after}, 0.99);
  ASSERT_EQ(compared.rows.size(), 1U);
  EXPECT_EQ(compared.rows[0].change, Change::kTie);
}

TEST(CompareResults, ARunComparedWithItselfIsATie) {
  const StoredResult few = measured("a", 0.010, 0.2, 3);
  const Compared row = compare_results({few}, {few}, 0.99).rows.at(0);
  EXPECT_EQ(row.change, Change::kTie);
  EXPECT_EQ(row.ratio.interval.low, 1);
  EXPECT_EQ(row.ratio.interval.high, 1);
}

TEST(CompareResults, OtherSettingsAndModelNamesPairWhereNothingElseFits) {
  StoredResult one = measured("a", 0.01), two = measured("a", 0.02);
  one.backend_meta = "cpu-threads=1";
  two.backend_meta = "cpu-threads=2";
  two.model = "optimised";
  const ComparedFolders compared = compare_results({one}, {two}, 0.99);
  ASSERT_EQ(compared.rows.size(), 1U);
  EXPECT_EQ(compared.rows[0].change, Change::kSlower);
  EXPECT_EQ(compared.warnings,
            (std::vector<std::string>{
                "a: backend_meta differs: cpu-threads=1 before, cpu-threads=2 after",
                "model differs: tiny before, optimised after"}));
  StoredResult four = two;
  four.backend_meta = "cpu-threads=4";
  EXPECT_EQ(compare_results({one}, {two, four}, 0.99).rows.size(), 3U);
  two.backend_meta = "cuda";  // another provider is another engine
  EXPECT_EQ(compare_results({one}, {two}, 0.99).rows.size(), 2U);
}

// As the job of a pull request stores them: MODEL and the base branch's, of one name.
TEST(CompareResults, TwoFilesOfOneNameInOneRunAreTwo) {
  const auto run = [](const char* started_at, double own_s, double base_s) {
    StoredResult own = measured("a", own_s), base = measured("a", base_s);
    own.started_at = base.started_at = started_at;
    own.model_path = "/work/repo/tiny.onnx";
    base.model_path = "/work/repo/base/tiny.onnx";
    base.modified = own.modified + std::chrono::seconds(1);
    return std::vector{own, base};
  };
  const ComparedFolders compared =
      compare_results(run("2026-11-02T00:00:00Z", 0.01, 0.01),
                      run("2026-11-03T00:00:00Z", 0.02, 0.01), 0.99, {1, 20});
  ASSERT_EQ(compared.rows.size(), 2U);
  EXPECT_EQ(compared.rows[0].model, "base/tiny");
  EXPECT_EQ(compared.rows[0].change, Change::kTie);
  EXPECT_EQ(compared.rows[1].model, "repo/tiny");
  EXPECT_EQ(compared.rows[1].change, Change::kSlower);
  // The only one left on either side, wherever it lies now.
  std::vector<StoredResult> moved = run("2026-11-03T00:00:00Z", 0.02, 0.01);
  moved[0].model_path = "/work/moved/tiny.onnx";
  const ComparedFolders with_moved =
      compare_results(run("2026-11-02T00:00:00Z", 0.01, 0.01), moved, 0.99, {1, 20});
  ASSERT_EQ(with_moved.rows.size(), 2U);
  EXPECT_EQ(with_moved.rows[1].model, "moved/tiny");
  EXPECT_EQ(with_moved.rows[1].change, Change::kSlower);
}

TEST(CompareResults, AnotherModeIsNotCompared) {
  StoredResult load = measured("a", 0.01);
  load.mode = "load";
  load.times_s.clear();
  const Compared row = compare_one(load, load);
  EXPECT_EQ(row.change, Change::kNotCompared);
  EXPECT_EQ(row.reason, "measured in another mode than latency, which is not compared");
}

TEST(CompareResults, APublishedFigureIsNeitherBrokenNorFixed) {
  const StoredResult ok = measured("a", 0.01);
  StoredResult published = ok, crashed = ok;
  published.times_s.clear();
  published.block.clear();
  published.published = PublishedFigure{100, {}, PublishedFigure::Bound::kNone};
  published.verdict = Verdict::kUnverified;
  crashed.times_s.clear();
  crashed.outcome = {OutcomeKind::kCrashed, "ended by SIGSEGV"};
  for (const auto& [before, after] :
       {std::pair(ok, published), std::pair(published, ok), std::pair(published, published)}) {
    const Compared row = compare_one(before, after);
    EXPECT_EQ(row.change, Change::kNotCompared);
    EXPECT_EQ(row.reason, "a published figure has no times to compare");
  }
  EXPECT_EQ(compare_one(published, crashed).change, Change::kBroken);
}

TEST(CompareResults, KnowsWhereNothingButTheMachineMayDiffer) {
  StoredResult before = measured("a", 0.01), after = measured("a", 0.0101);
  EXPECT_FALSE(compare_one(before, after).is_the_same);  // the files don't say
  for (StoredResult* result : {&before, &after}) {
    for (const char* name : {"model_sha256", "engine_version", "device", "precision", "threads",
                             "number", "input_shapes", "seed"}) {
      result->conditions[name] = "1";
    }
  }
  EXPECT_TRUE(compare_one(before, after).is_the_same);
  after.conditions["model_sha256"] = "2";
  EXPECT_FALSE(compare_one(before, after).is_the_same);
}

TEST(CompareResults, TheNewestOfSeveralRunsCounts) {
  StoredResult old = measured("a", 0.02), newest = measured("a", 0.01);
  old.started_at = "2026-11-01T00:00:00Z";
  newest.started_at = "2026-11-02T00:00:00Z";
  for (const auto& folder : {std::vector{old, newest}, std::vector{newest, old}}) {
    const ComparedFolders compared = compare_results({measured("a", 0.04)}, folder, 0.99);
    EXPECT_NEAR(*compared.rows.at(0).after_s, 0.01, 1e-4);
  }
}

}  // namespace
}  // namespace dnnbench
