#include "cli/traffic_table.h"

#include <gtest/gtest.h>

#include <limits>

#include "cli/terminal.h"

namespace dnnbench {
namespace {

// As a pipe gets it.
std::string traffic_text(const std::vector<Result>& results) {
  return table_text(traffic_table(results), kUnlimitedWidth) + traffic_notes(results);
}

constexpr double kInfinite = std::numeric_limits<double>::infinity();

RateFigures figures(double rate_per_s, double p99_s, Interval interval) {
  RateFigures found;
  found.rate_per_s = rate_per_s;
  found.requests = 1000;
  found.busy_share = 0.42;
  found.mean_service_s = 0.01;
  found.p99_s = p99_s;
  found.p99_interval_s = interval;
  return found;
}

Result under_traffic(const std::string& backend, const RateFigures& measured) {
  Result result;
  result.model.path = "/models/tiny.onnx";
  result.candidate.backend = result.label = backend;
  result.mode = Mode::kTraffic;
  result.engine.verification.verdict = Verdict::kOk;
  result.engine.verification.max_rel_error = 0;
  result.measured.samples.assign(1000, {0, 0, 0.02});
  result.measured.blocks = 10;
  result.measured.traffic = TrafficResult();
  result.measured.traffic->rate_per_s = measured.rate_per_s;
  result.measured.traffic->rates = {measured};
  return result;
}

Result under_bound(const std::string& backend, double rate_per_s, double at_least, double below) {
  Result result = under_traffic(backend, figures(rate_per_s, 0.09, {0.08, 0.1}));
  result.measured.traffic->rate_per_s.reset();
  result.measured.traffic->slo_p99_s = 0.1;
  result.measured.traffic->at_least_per_s = at_least;
  result.measured.traffic->below_per_s = below;
  return result;
}

TEST(TrafficTable, ShowsTheIntervalAndWhereItIsOpen) {
  const std::string table =
      traffic_text({under_traffic("openvino", figures(20, 0.05, {0.045, 0.06})),
                    under_traffic("tvm", figures(20, 0.06, {0.05, kInfinite}))});
  EXPECT_NE(table.find("[45.0 ms, 60.0 ms]"), std::string::npos) << table;
  EXPECT_NE(table.find("[50.0 ms, ?]"), std::string::npos);
  EXPECT_LT(table.find("openvino"), table.find("tvm"));
  EXPECT_NE(table.find(" 42% "), std::string::npos);
}

TEST(TrafficTable, WhatIsNotSustainedHasNoLatencyAndSaysWhy) {
  RateFigures overloaded = figures(20, 3, {2, kInfinite});
  overloaded.verdict = RateVerdict::kOverloaded;
  overloaded.reason = "it can't sustain 20/s: its maximum is about 10";
  const std::vector<Result> results{under_traffic("openvino", overloaded)};
  const std::string table = traffic_text(results);
  EXPECT_EQ(table.find("3.00 s"), std::string::npos) << table;
  EXPECT_NE(table.find("openvino: overloaded: it can't sustain 20/s"), std::string::npos);
  EXPECT_EQ(traffic_sentence(results), "No engine has verified latencies for this traffic.");
}

TEST(TrafficSentence, AnOrderNeedsIntervalsApart) {
  const Result fast = under_traffic("openvino", figures(20, 0.05, {0.045, 0.055}));
  const Result slow = under_traffic("tvm", figures(20, 0.07, {0.06, 0.08}));
  EXPECT_EQ(
      traffic_sentence({slow, fast}),
      "openvino has the lowest p99 at 20.0 requests/s: 50.0 ms [45.0 ms, 55.0 ms], tvm 70.0 ms "
      "[60.0 ms, 80.0 ms]; outputs agree exactly.");
  const Result vague = under_traffic("tvm", figures(20, 0.07, {0.05, 0.08}));
  EXPECT_EQ(traffic_sentence({fast, vague}).find("openvino or tvm has the lowest"), 0U);
}

TEST(TrafficSentence, RatesWithinABoundAreComparedByWhatIsSure) {
  EXPECT_EQ(
      traffic_sentence({under_bound("tvm", 20, 18, 25), under_bound("openvino", 40, 36, 50)}),
      "openvino has the highest rate with a p99 of at most 100 ms: 40.0/s, tvm 20.0/s; outputs "
      "agree exactly.");
  EXPECT_EQ(traffic_sentence({under_bound("tvm", 20, 18, 39), under_bound("openvino", 40, 36, 50)})
                .find("openvino or tvm has the highest rate"),
            0U);
}

TEST(TrafficTable, ASearchThatALateGeneratorEndedSaysSo) {
  Result early = under_bound("openvino", 40, 36, 50);
  EXPECT_EQ(traffic_notes({early}), "");
  early.measured.stopped = Stop::kLate;
  const std::string note = "the search ended early, because the generator was late three times";
  EXPECT_NE(traffic_notes({early}).find("openvino: ok: " + note), std::string::npos);
  early.measured.traffic->slo_p99_s = 0.05;
  EXPECT_NE(traffic_notes({early}).find("it is 90.0 ms; " + note), std::string::npos);
}

TEST(TrafficSentence, ABusyMachineGivesNoOrder) {
  Result busy = under_traffic("openvino", figures(20, 0.05, {0.045, 0.055}));
  busy.measured.blocks_disturbed = 9;
  EXPECT_EQ(traffic_verdict(busy), "suspect");
  EXPECT_EQ(traffic_sentence({busy}),
            "The machine was busy, so there are no latencies; run again when nothing else is "
            "running.");
}

}  // namespace
}  // namespace dnnbench
