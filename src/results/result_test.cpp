#include "results/result.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace dnnbench {
namespace {

Result ok_result() {
  Result result;
  result.model.path = "/models/tiny.onnx";
  result.candidate.backend = "onnxruntime";
  result.backend_meta = "cpu";
  result.number = 2;
  result.measured.samples = {{0, 0, 0.4}, {0, 0.5, 0.1}, {1, 0.7, 0.2}, {1, 1, 0.3}};
  result.measured.blocks = 2;
  result.engine.verification.verdict = Verdict::kOk;
  return result;
}

TEST(Result, LatencyIsOfOneInference) {
  EXPECT_DOUBLE_EQ(median_latency_s(ok_result()), 0.125);
  const auto percentiles = latency_percentiles_s(ok_result());
  ASSERT_EQ(percentiles.size(), 1U);
  EXPECT_DOUBLE_EQ(percentiles.at("p50"), 0.125);
}

TEST(Result, PercentilesNeedEnoughSamples) {
  Result result = ok_result();
  result.measured.samples.assign(459, {0, 0, 1.0});
  std::vector<std::string> names;
  for (const auto& [name, value] : latency_percentiles_s(result)) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"p50", "p90", "p95", "p99"}));
}

TEST(Result, JsonHasTheNumbersOfTheData) {
  const auto json = to_json(ok_result());
  EXPECT_DOUBLE_EQ(json.at("min").get<double>(), 0.1);
  EXPECT_DOUBLE_EQ(json.at("max").get<double>(), 0.4);
  EXPECT_DOUBLE_EQ(json.at("mean").get<double>(), 0.25);
  EXPECT_DOUBLE_EQ(json.at("std").get<double>(), std::sqrt(0.0125));
  EXPECT_DOUBLE_EQ(json.at("throughput_per_s").get<double>(), 8);
  EXPECT_EQ(json.at("data"), (std::vector<double>{0.4, 0.1, 0.2, 0.3}));
  EXPECT_EQ(json.at("outcome"), "ok");
  EXPECT_EQ(json.at("quantize"), false);
  EXPECT_TRUE(json.at("repeat").is_null());
  EXPECT_TRUE(json.at("in_force").is_null());
}

TEST(Result, JsonStatesTheEnginesRank) {
  Result result = ok_result();
  EXPECT_TRUE(to_json(result).at("ranking").is_null());
  result.rank = Rank{0.99, Order::kAll, 3,     2, false, {1.27, {1.24, 1.31}, Relation::kSlower},
                     0.25, true,        0.995, ""};
  result.measured.stopped = Stop::kDecided;
  result.p50_interval_s = Interval{0.1, 0.2};
  const auto json = to_json(result);
  EXPECT_EQ(json.at("ranking"),
            nlohmann::ordered_json::parse(
                R"({"confidence":0.99,"order":"all","engines":3,"place":2,"relation":"slower",
      "vs_best":1.27,"vs_best_interval":[1.24,1.31],"p50_s":0.25,"decided":true,"probability":0.995,
      "anchor":null})"));
  EXPECT_EQ(json.at("stopped"), "decided");
  EXPECT_EQ(json.at("p50_interval_s"), (std::vector<double>{0.1, 0.2}));
  EXPECT_EQ(json.at("block"), (std::vector<int>{0, 0, 1, 1}));
  result.rank->to_best = {1.1, median_interval({}, 0.01), Relation::kUndecided};
  EXPECT_TRUE(to_json(result).at("ranking").at("vs_best_interval").is_null());
  EXPECT_EQ(to_json(result).at("ranking").at("relation"), "undecided");
}

TEST(Result, JsonHasNoShareOfWhatIsNotReported) {
  Result result = ok_result();
  result.measured.noise.window_s = 2;
  EXPECT_EQ(to_json(result).at("noise").at("others_share"), 0);
  EXPECT_TRUE(to_json(result).at("noise").at("quota_share").is_null());
  EXPECT_TRUE(to_json(result).at("environment").at("cores").is_null());
  result.measured.noise.others_s.reset();
  result.measured.noise.quota_s = 0.5;
  EXPECT_TRUE(to_json(result).at("noise").at("others_share").is_null());
  EXPECT_EQ(to_json(result).at("noise").at("quota_share"), 0.25);
}

TEST(Result, JsonTellsWhatTwoRunsDifferBy) {
  Result result = ok_result();
  EXPECT_TRUE(to_json(result).at("run_to_run").is_null());
  result.run_to_run = RunToRun{1.02, 5, "2026-11-20T22:40:07Z"};
  EXPECT_EQ(to_json(result).at("run_to_run"),
            nlohmann::ordered_json::parse(
                R"({"ratio":1.02,"runs":5,"since":"2026-11-20T22:40:07Z","of":"candidate"})"));
}

TEST(Result, MoreDisturbedBlocksThanCleanOnesMakeItSuspect) {
  Result result = ok_result();
  result.measured.blocks = 10;
  result.measured.blocks_disturbed = 5;
  result.measured.disturbance = "other programs used 0.80 cores";
  result.rank = Rank{};
  EXPECT_FALSE(is_suspect(result));
  EXPECT_EQ(why_suspect(result), "");
  EXPECT_FALSE(to_json(result).at("ranking").is_null());
  result.measured.blocks_disturbed = 6;
  EXPECT_TRUE(is_suspect(result));
  EXPECT_EQ(why_suspect(result),
            "6 of 10 blocks were disturbed: other programs used 0.80 "
            "cores");
  const auto json = to_json(result);
  EXPECT_TRUE(json.at("ranking").is_null());
  EXPECT_EQ(json.at("noise").at("suspect"), true);
  EXPECT_EQ(json.at("noise").at("reason"), why_suspect(result));
}

TEST(Result, OnlyAnOkResultHasNumbersOfSpeed) {
  Result result = ok_result();
  result.outcome = {OutcomeKind::kCrashed, "ended by SIGSEGV"};
  const auto json = to_json(result);
  for (const char* key : {"min", "max", "mean", "std", "throughput_per_s"}) {
    EXPECT_TRUE(json.at(key).is_null()) << key;
  }
  for (const char* key : {"data", "start_s", "block"}) EXPECT_TRUE(json.at(key).empty()) << key;
  EXPECT_TRUE(json.at("latency_s").is_object());
  EXPECT_TRUE(json.at("latency_s").empty());
  EXPECT_EQ(json.at("reason"), "ended by SIGSEGV");
}

TEST(Result, EveryOutcomeHasTheSameKeys) {
  Result result = ok_result();
  const size_t keys = to_json(result).size();
  for (const char* name : {"unsupported", "failed", "timed_out", "wrong_output"}) {
    result.outcome = {outcome_kind_from_string(name), "a reason"};
    EXPECT_EQ(to_json(result).size(), keys);
  }
}

TEST(Result, NumbersThatAreNotFiniteBecomeNull) {
  Result result = ok_result();
  result.engine.verification.max_abs_error = std::numeric_limits<double>::infinity();
  result.engine.verification.cosine = std::numeric_limits<double>::quiet_NaN();
  const auto read = nlohmann::json::parse(to_json(result).dump());
  EXPECT_TRUE(read.at("verification").at("max_abs_error").is_null());
  EXPECT_TRUE(read.at("verification").at("cosine").is_null());
}

TEST(Result, WithoutALogThereIsNoPathOfOne) {
  Result result = ok_result();
  EXPECT_TRUE(to_json(result).at("log_path").is_null());
  result.log_path = "tiny.log";
  EXPECT_EQ(to_json(result).at("log_path"), "tiny.log");
}

TEST(Result, WhatWasInForceIsReported) {
  Result result = ok_result();
  result.engine.load.in_force = InForce{"bf16", 2, {{"CPU", 5}}, {{"hint", "latency"}}};
  const auto in_force = to_json(result).at("in_force");
  EXPECT_EQ(in_force.at("precision"), "bf16");
  EXPECT_EQ(in_force.at("threads"), 2);
  EXPECT_EQ(in_force.at("placement"),
            nlohmann::ordered_json::parse(R"([{"device":"CPU","nodes":5}])"));
  EXPECT_EQ(in_force.at("settings").at("hint"), "latency");
}

}  // namespace
}  // namespace dnnbench
