#include "advise/candidates.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/error.h"

namespace dnnbench {
namespace {

const Catalogue& catalogue() {
  static const Catalogue kCatalogue = parse_catalogue(
      "instance,usd_per_hour,arch\nsmall,0.1,arm64\nlarge,0.2,x86_64\nfree,,\nbare,0.3,\nbad,x,\n",
      "f.csv");
  return kCatalogue;
}

StoredResult measured(const std::string& instance, const std::string& started_at = "",
                      double time_s = 0.1) {
  StoredResult result;
  result.path = instance + started_at;
  result.model = "tiny";
  result.instance = instance;
  result.backend = "onnxruntime";
  result.backend_meta = "cpu";
  result.verdict = Verdict::kOk;
  result.times_s = {time_s, time_s};
  result.started_at = started_at;
  return result;
}

Selection select(const std::vector<StoredResult>& results, const std::string& arch = "") {
  return select_candidates(results, "tiny.onnx", catalogue(), arch);
}

std::string reason(const StoredResult& result, const std::string& arch = "") {
  const Selection selection = select({result}, arch);
  return selection.rejected.empty() ? "" : selection.rejected.front().reason;
}

TEST(Candidates, AModelHasOneName) {
  EXPECT_EQ(canonical_model("a.onnx"), "a");
  EXPECT_EQ(canonical_model("a"), "a");
  EXPECT_EQ(canonical_model("BERT"), "bertsquad-10");
  EXPECT_EQ(canonical_model("bertsquad-10.onnx"), "bertsquad-10");
  EXPECT_EQ(canonical_model("Resnet50"), "resnet50v1");
  EXPECT_TRUE(select_candidates({measured("small")}, "other", catalogue(), "").candidates.empty());
}

TEST(Candidates, TheNewestCountsAndTheSpreadIsReported) {
  const Selection selection =
      select({measured("small", "2026-01-03T00:00:00Z", 0.1),
              measured("small", "2026-01-02T00:00:00Z", 0.05), measured("small", "", 0.2)});
  ASSERT_EQ(selection.candidates.size(), 1U);
  const Deployable& candidate = selection.candidates[0];
  EXPECT_DOUBLE_EQ(candidate.speed.mean_s, 0.1);
  EXPECT_EQ(candidate.measurements, 3U);
  EXPECT_DOUBLE_EQ(candidate.slowest_per_s, 5);
  EXPECT_DOUBLE_EQ(candidate.fastest_per_s, 20);
  EXPECT_EQ(candidate.usd_per_hour, 0.1);
}

TEST(Candidates, ANewerFailureIsNotHiddenByAnOlderSuccess) {
  StoredResult crashed = measured("small", "2026-01-03T00:00:00Z");
  crashed.outcome = {OutcomeKind::kCrashed, "ended by SIGSEGV"};
  const Selection selection = select({measured("small", "2026-01-02T00:00:00Z"), crashed});
  ASSERT_EQ(selection.rejected.size(), 1U);
  EXPECT_EQ(selection.rejected[0].reason, "crashed: ended by SIGSEGV");
}

TEST(Candidates, ASuspectOneCountsOnlyAgainstItself) {
  StoredResult suspect = measured("small", "2026-01-03T00:00:00Z", 0.9);
  suspect.suspect = true;
  EXPECT_EQ(reason(suspect), "the machine was busy with something else; measure it again");
  const Selection selection = select({measured("small", "2026-01-02T00:00:00Z"), suspect});
  ASSERT_EQ(selection.candidates.size(), 1U);
  EXPECT_DOUBLE_EQ(selection.candidates[0].speed.mean_s, 0.1);
  EXPECT_EQ(selection.candidates[0].measurements, 1U);
}

TEST(Candidates, WhatCantBePlannedWithSaysWhy) {
  EXPECT_EQ(reason(measured("small")), "");
  EXPECT_EQ(reason(measured("free")), "f.csv has no price for it");
  EXPECT_EQ(reason(measured("other")),
            "not in f.csv; --price=USD or --catalogue=FILE gives its price");
  EXPECT_EQ(reason(measured("bad")), "its row, line 6 of f.csv, can't be used");
  EXPECT_EQ(reason(measured("large"), "arm64"), "x86_64, not arm64");
  EXPECT_EQ(reason(measured("bare"), "arm64"),
            "its architecture is unknown, so it may not be arm64");
  StoredResult result = measured("bare");
  result.architecture = "aarch64";
  EXPECT_EQ(reason(result, "arm64"), "");
  result.verdict = Verdict::kWrong;
  EXPECT_EQ(reason(result), "its outputs were wrong");
  result.mode = "load";
  result.verdict = Verdict::kOk;
  EXPECT_EQ(reason(result, "arm64"), "it sustained no rate with a known 99th percentile");
  result.mode = "throughput";
  result.throughput = StoredThroughput{100, {}, {}, 2, {0.04}};
  result.batch = 4;
  EXPECT_EQ(
      reason(result, "arm64"),
      "it serves batches of 4, and how long requests wait for a batch to fill was not measured; "
      "--batch=1 measures single requests");
}

constexpr double kNever = std::numeric_limits<double>::infinity();

StoredResult under_traffic(const std::string& started_at, std::vector<StoredRate> rates) {
  StoredResult result = measured("small", started_at);
  result.mode = "load";
  result.times_s.clear();
  result.backend_meta = "cpu-mode=load-rate=5";
  result.settings = "cpu";
  result.traffic_rates = std::move(rates);
  return result;
}

TEST(Candidates, OnlyUnderTrafficAMachineDoesWhatItSustained) {
  StoredResult result = under_traffic("", {{100, 0.02}, {200, 0.05}, {400, kNever}, {500, 0.1}});
  result.settings = "cpu-streams=2";
  const Selection selection = select({measured("small"), result});
  ASSERT_EQ(selection.candidates.size(), 2U);
  const Deployable& candidate = selection.candidates[1];
  EXPECT_EQ(candidate.what.settings, "cpu-streams=2");
  EXPECT_TRUE(candidate.only_under_traffic);
  EXPECT_DOUBLE_EQ(candidate.speed.throughput_per_s(), 200);
  EXPECT_DOUBLE_EQ(candidate.slowest_per_s, 200);
  EXPECT_EQ(candidate.measurements, 1U);
  EXPECT_EQ(capacity_per_s(candidate.speed, 0.03), 100);
  EXPECT_FALSE(candidate.low_per_s);
  result.traffic_rates = {{400, kNever}};
  EXPECT_EQ(select({measured("small"), result}).rejected[0].reason,
            "it sustained no rate with a known 99th percentile");
}

StoredResult at_full_speed(int64_t batch = 1) {
  StoredResult result = measured("small");
  result.mode = "throughput";
  result.times_s.clear();
  result.backend_meta = "cpu-mode=throughput";
  result.settings = "cpu-streams=2";
  result.throughput = StoredThroughput{180, 170, 190, 2, {0.01, 0.012}};
  result.batch = batch;
  return result;
}

TEST(Candidates, TheSettingFoundInThroughputModeIsOne) {
  StoredResult traffic_result = under_traffic("", {{100, 0.02}});
  traffic_result.settings = "cpu-streams=2";
  for (const std::vector<StoredResult>& results :
       {std::vector{at_full_speed()}, std::vector{traffic_result, at_full_speed()}}) {
    const Selection selection = select(results);
    ASSERT_EQ(selection.candidates.size(), 1U);
    const Deployable& candidate = selection.candidates[0];
    EXPECT_FALSE(candidate.only_under_traffic);
    EXPECT_DOUBLE_EQ(candidate.speed.throughput_per_s(), 180);
    EXPECT_DOUBLE_EQ(candidate.speed.inference_s(), 2.0 / 180);
    EXPECT_EQ(candidate.speed.tail_s, 0.012);
    EXPECT_EQ(candidate.low_per_s, 170);
    EXPECT_EQ(candidate.speed.measured_rates.size(), results.size() - 1);
  }
}

TEST(Candidates, TooFewWindowsLeaveNoInterval) {
  StoredResult result = at_full_speed();
  EXPECT_FALSE(select({result}).candidates.at(0).lacks_interval);
  result.throughput->least_per_s.reset();
  result.throughput->greatest_per_s.reset();
  EXPECT_TRUE(select({result}).candidates.at(0).lacks_interval);
  EXPECT_FALSE(select({measured("small")}).candidates.at(0).lacks_interval);
}

TEST(Candidates, ADisturbedThroughputLeavesWhatWasSustained) {
  StoredResult traffic_result = under_traffic("", {{100, 0.02}});
  StoredResult suspect = at_full_speed();
  suspect.suspect = true;
  traffic_result.settings = "cpu-streams=2";
  const Selection selection = select({traffic_result, suspect});
  ASSERT_EQ(selection.candidates.size(), 1U);
  EXPECT_TRUE(selection.candidates[0].only_under_traffic);
}

TEST(Candidates, ASuspectLatencyHidesNoCleanResultOfAnotherMode) {
  StoredResult suspect = measured("small", "2026-01-03T00:00:00Z", 0.9);
  suspect.suspect = true;
  StoredResult full = at_full_speed();
  full.settings = "cpu";
  const StoredResult traffic_result = under_traffic("", {{5, 0.3}});
  EXPECT_DOUBLE_EQ(
      select({suspect, traffic_result, full}).candidates.at(0).speed.throughput_per_s(), 180);
  EXPECT_TRUE(select({suspect, traffic_result}).candidates.at(0).only_under_traffic);
  full.suspect = true;
  EXPECT_TRUE(select({suspect, traffic_result, full}).candidates.at(0).only_under_traffic);
}

TEST(Candidates, BatchesOfThroughputModeAreNoTaskOfTheirOwn) {
  StoredResult batches = at_full_speed(4);
  batches.settings = "cpu-streams=2-batch=4";
  batches.input_shapes = "{\"x\":[4,3]}";
  StoredResult other = at_full_speed(8);
  other.settings = "cpu-streams=2-batch=8";
  other.input_shapes = "{\"x\":[8,3]}";
  EXPECT_EQ(select({batches, other}).rejected.size(), 2U);
  EXPECT_EQ(select({measured("small"), batches, other}).candidates.size(), 1U);
}

TEST(Candidates, ABatchMeasuredInAnyModeIsNoTaskOfItsOwn) {
  std::vector<StoredResult> results;
  for (const int64_t batch : {1, 4, 16}) {
    StoredResult result = measured("small");
    result.batch = batch;
    result.backend_meta = "cpu-batch=" + std::to_string(batch);
    result.input_shapes = "{\"x\":[" + std::to_string(batch) + ",3]}";
    results.push_back(result);
  }
  const Selection selection = select(results);
  ASSERT_EQ(selection.candidates.size(), 1U);
  EXPECT_EQ(selection.candidates[0].what.settings, "cpu-batch=1");
  ASSERT_EQ(selection.rejected.size(), 2U);
  EXPECT_EQ(selection.rejected[1].reason.substr(0, 23), "it serves batches of 4,");
}

TEST(Candidates, MeasuredRatesBelongToTheEngineMeasuredOneRequestAtATime) {
  const Selection selection =
      select({under_traffic("2026-01-04T00:00:00Z", {{6, 0.5}, {2, 0.2}}), measured("small"),
              under_traffic("2026-01-03T00:00:00Z", {{6, 0.9}, {9, 3}})});
  ASSERT_EQ(selection.candidates.size(), 1U);
  EXPECT_TRUE(selection.rejected.empty());
  const std::vector<MeasuredRate>& rates = selection.candidates[0].speed.measured_rates;
  ASSERT_EQ(rates.size(), 3U);
  EXPECT_EQ(rates[0].rate_per_s, 2);
  EXPECT_EQ(rates[1].p99_s, 0.5);
  EXPECT_EQ(rates[2].rate_per_s, 9);
  EXPECT_EQ(selection.candidates[0].measurements, 1U);
  EXPECT_DOUBLE_EQ(selection.candidates[0].speed.mean_s, 0.1);
}

std::vector<double> rates_of(const std::vector<StoredResult>& results) {
  std::vector<double> rates;
  const Selection selection = select(results);
  for (const MeasuredRate& rate : selection.candidates.at(0).speed.measured_rates) {
    rates.push_back(std::isinf(rate.p99_s) ? -rate.rate_per_s : rate.rate_per_s);
  }
  return rates;
}

double capacity_at_100_ms(const std::vector<StoredResult>& results) {
  return capacity_per_s(select(results).candidates.at(0).speed, 0.1);
}

// Two versions of an engine, and so a search each.
TEST(Candidates, OnlyRatesMeasuredAlikeBelongTogether) {
  const StoredResult alone = measured("small", "", 0.005);
  for (const char* name : {"engine_version", "model_sha256", "threads",
                           "environment.affinity_cores", "environment.cgroup_cpu_quota"}) {
    StoredResult january = under_traffic("2026-01-04T00:00:00Z", {{30, 0.02}, {40.3, kNever}});
    StoredResult november =
        under_traffic("2026-11-04T00:00:00Z", {{31, 0.02}, {90, 0.03}, {150, 0.05}});
    january.conditions[name] = "1";
    november.conditions[name] = "2";
    EXPECT_EQ(rates_of({alone, november, january}), (std::vector<double>{31, 90, 150})) << name;
    EXPECT_GE(capacity_at_100_ms({alone, november, january}), 150) << name;
    january.started_at = "2026-12-04T00:00:00Z";
    EXPECT_EQ(rates_of({alone, november, january}), (std::vector<double>{30, -40.3})) << name;
    EXPECT_EQ(capacity_at_100_ms({alone, november, january}), 30) << name;
  }
}

TEST(Candidates, AnOverloadIsOutdatedWhereANewerResultSustainedAsMuch) {
  const StoredResult older = under_traffic("2026-01-04T00:00:00Z", {{30, 0.1}, {40.3, kNever}});
  StoredResult newer = under_traffic("2026-11-04T00:00:00Z", {{31, 0.1}, {150, 0.2}});
  const StoredResult alone = measured("small", "", 0.005);
  EXPECT_EQ(rates_of({alone, older, newer}), (std::vector<double>{30, 31, 150}));
  newer.started_at = "2026-01-03T00:00:00Z";
  EXPECT_EQ(rates_of({alone, older, newer}), (std::vector<double>{30, 31, -40.3, 150}));
  newer.started_at = "2026-11-04T00:00:00Z";
  newer.traffic_rates = {{31, 0.1}, {35, kNever}, {150, 0.2}};  // nothing is known above 35/s
  EXPECT_EQ(rates_of({alone, older, newer}), (std::vector<double>{30, 31, -35, -40.3, 150}));
}

TEST(Candidates, WrongOrSuspectRatesDoNotCount) {
  StoredResult wrong = under_traffic("", {{5, 0.3}}), suspect = wrong, failed = wrong;
  wrong.verdict = Verdict::kWrong;
  suspect.suspect = true;
  failed.outcome = {OutcomeKind::kCrashed, "ended by SIGSEGV"};
  const Selection selection = select({measured("small"), wrong, suspect, failed});
  ASSERT_EQ(selection.candidates.size(), 1U);
  EXPECT_TRUE(selection.candidates[0].speed.measured_rates.empty());
}

TEST(Candidates, UnverifiedOnesAreMarked) {
  StoredResult result = measured("small");
  EXPECT_TRUE(select({result}).candidates.at(0).verified);
  result.verdict = Verdict::kUnverified;
  EXPECT_FALSE(select({result}).candidates.at(0).verified);
}

TEST(Candidates, AnotherInputShapeIsAnotherTask) {
  StoredResult plain = measured("small"), smaller = measured("small"), same = measured("small");
  plain.input_shapes = same.input_shapes = R"({"x":[1,3,416,416]})";
  smaller.input_shapes = R"({"x":[1,3,320,320]})";
  smaller.backend_meta = "cpu-shape=x@1x3x320x320";
  same.backend_meta = "cpu-shape=x@1x3x416x416";
  const Selection selection = select({plain, smaller, same});
  EXPECT_EQ(selection.candidates.size(), 2U);
  ASSERT_EQ(selection.rejected.size(), 1U);
  EXPECT_EQ(selection.rejected[0].reason, R"(another task: input shapes {"x":[1,3,320,320]})");
  EXPECT_EQ(select({smaller}).candidates.size(), 1U);
  EXPECT_THROW(select({smaller, same}), UsageError);
}

TEST(Candidates, AnArrayGivenAsInputMayBeAnotherTask) {
  StoredResult plain = measured("small"), given = measured("large");
  plain.input_shapes = R"({"x":[1,3,640,640]})";
  for (const char* setting : {"cpu-input=x@small.npy", "cpu-test-data=photos"}) {
    given.backend_meta = setting;
    given.input_shapes = R"({"x":[1,3,320,320]})";
    const Selection selection = select({plain, given});
    ASSERT_EQ(selection.candidates.size(), 1U) << setting;
    EXPECT_EQ(selection.candidates[0].what.instance, "small");
    EXPECT_EQ(selection.rejected.at(0).reason, R"(another task: input shapes {"x":[1,3,320,320]})");
    given.input_shapes = plain.input_shapes;
    EXPECT_EQ(select({plain, given}).candidates.size(), 2U) << setting;
  }
}

TEST(Candidates, PlainResultsOfTwoShapesAreRefused) {
  StoredResult large = measured("small"), small = measured("large"), unknown = measured("bare");
  large.input_shapes = R"({"x":[1,3,640,640]})";
  small.input_shapes = R"({"x":[1,3,320,320]})";
  EXPECT_THROW(select({large, small}), UsageError);
  EXPECT_EQ(select({large, unknown}).candidates.size(), 2U);  // as those of 2021
  small.outcome = {OutcomeKind::kCrashed, "ended by SIGSEGV"};
  EXPECT_EQ(select({large, small}).candidates.size(), 1U);
}

TEST(Candidates, PublishedFiguresHaveTheIntervalTheyWereReadWith) {
  StoredResult result = measured("small");
  result.times_s.clear();
  result.published = PublishedFigure{2, 0.5, PublishedFigure::Bound::kNone};
  const Deployable candidate = select({result}).candidates.at(0);
  EXPECT_DOUBLE_EQ(candidate.speed.throughput_per_s(), 2);
  EXPECT_EQ(candidate.low_per_s, 1.5);
  EXPECT_EQ(candidate.high_per_s, 2.5);
  result.published->plus_minus_per_s = 2;
  EXPECT_EQ(reason(result), "read from a plot as 2.00 +- 2.00/s, too inexact to plan with");
  result.published = PublishedFigure{2, {}, PublishedFigure::Bound::kBelow};
  EXPECT_EQ(reason(result), "known only to be below 2.00/s");
  result.published->bound = PublishedFigure::Bound::kAtLeast;
  EXPECT_TRUE(select({result}).candidates.at(0).at_least);
}

TEST(Candidates, OfTwoFilesOfOneNameTheNewestResultsIsPlannedWith) {
  StoredResult pruned = measured("small", "2026-11-20T00:00:00Z", 0.05);
  StoredResult whole = measured("small", "2026-11-19T00:00:00Z", 0.1), only_whole = whole;
  StoredResult of_2021 = measured("large");
  pruned.model_sha256 = "11111111aa";
  only_whole.backend = "openvino";
  EXPECT_TRUE(select({pruned, of_2021}).warnings.empty());
  whole.model_sha256 = only_whole.model_sha256 = "22222222bb";
  whole.input_shapes = only_whole.input_shapes = R"({"x":[1,3]})";
  const Selection selection = select({pruned, whole, only_whole, of_2021});
  ASSERT_EQ(selection.candidates.size(), 2U);
  EXPECT_EQ(selection.candidates[0].what.instance, "large");
  EXPECT_DOUBLE_EQ(selection.candidates[1].speed.mean_s, 0.05);
  EXPECT_EQ(selection.candidates[1].measurements, 1U);
  ASSERT_EQ(selection.rejected.size(), 1U);
  EXPECT_EQ(selection.rejected[0].what.engine, "openvino");
  EXPECT_EQ(selection.rejected[0].reason,
            "another file of this name: SHA-256 22222222, and the newest result is of 11111111");
  ASSERT_EQ(selection.warnings.size(), 1U);
  EXPECT_EQ(
      selection.warnings[0],
      "The results are of 2 different files named tiny.onnx (their SHA-256 differ); plans are "
      "of the one of the newest result, 11111111.");
}

TEST(Candidates, MachinesOfOneNameThatDifferAreReported) {
  StoredResult a = measured("small"), b = measured("small"), other = measured("large");
  a.conditions["environment.cpu_model"] = b.conditions["environment.cpu_model"] = "\"EPYC\"";
  other.conditions["environment.cpu_model"] = "\"Xeon\"";
  EXPECT_TRUE(select({a, b, other}).warnings.empty());
  b.conditions["environment.cpu_model"] = "\"Xeon\"";
  EXPECT_EQ(select({a, b, other}).warnings,
            std::vector<std::string>{"The results of small are of machines with different "
                                     "processors (\"EPYC\", \"Xeon\")."});
  b = a;
  a.conditions["environment.logical_cores"] = "2";
  b.conditions["environment.logical_cores"] = "16";
  EXPECT_EQ(select({a, b}).warnings,
            std::vector<std::string>{"The results of small are of machines with different numbers "
                                     "of cores (16, 2)."});
}

TEST(Candidates, APartOfTheMachinesCoresIsKnown) {
  StoredResult result = measured("small");
  EXPECT_EQ(select({result}).candidates.at(0).machine_cores, 0);
  result.conditions = {{"environment.logical_cores", "16"}, {"environment.affinity_cores", "8"}};
  EXPECT_EQ(select({result}).candidates.at(0).machine_cores, 16);
  EXPECT_EQ(select({result}).candidates.at(0).cores, 8);
  result.conditions["environment.cgroup_cpu_quota"] = "1.5";
  EXPECT_EQ(select({result}).candidates.at(0).cores, 1.5);
  result.conditions["environment.cgroup_cpu_quota"] = "12.0";
  EXPECT_EQ(select({result}).candidates.at(0).cores, 8);
}

TEST(Candidates, QuantisedIsAnotherSetting) {
  StoredResult result = measured("small");
  result.quantized = true;
  const Selection selection = select({measured("small"), result});
  ASSERT_EQ(selection.candidates.size(), 2U);
  EXPECT_EQ(selection.candidates[1].what.settings, "cpu-quantised");
}

}  // namespace
}  // namespace dnnbench
