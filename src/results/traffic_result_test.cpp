#include "results/traffic_result.h"

#include <gtest/gtest.h>

#include <limits>

namespace dnnbench {
namespace {

RateFigures figures(double rate_per_s, double p99_s) {
  RateFigures found;
  found.rate_per_s = rate_per_s;
  found.requests = 1000;
  found.mean_service_s = 0.01;
  found.p99_s = p99_s;
  found.p99_interval_s = {0.9 * p99_s, 1.2 * p99_s};
  return found;
}

TrafficResult at_a_rate(const RateFigures& measured) {
  TrafficResult traffic;
  traffic.rate_per_s = measured.rate_per_s;
  traffic.rates = {measured};
  return traffic;
}

TEST(TrafficResult, ARateIsSustainedOrNot) {
  EXPECT_EQ(carried_per_s(at_a_rate(figures(20, 0.05))), 20);
  EXPECT_EQ(why_not_carried(at_a_rate(figures(20, 0.05))), "");
  RateFigures overloaded = figures(20, 0.05);
  overloaded.verdict = RateVerdict::kOverloaded;
  overloaded.reason = "it can't sustain 20/s: its maximum is about 10";
  EXPECT_EQ(carried_per_s(at_a_rate(overloaded)), std::nullopt);
  EXPECT_EQ(why_not_carried(at_a_rate(overloaded)), overloaded.reason);
}

TEST(TrafficResult, TooFewRequestsSayWhatWouldBeEnough) {
  RateFigures few = figures(20, 0.05);
  few.p99_s.reset();
  few.requests = 300;
  EXPECT_EQ(why_not_carried(at_a_rate(few)),
            "300 requests are too few for a 99th percentile, which needs 459: about 2 times the "
            "--budget (or --repeat) would do");
  EXPECT_EQ(carried_per_s(at_a_rate(few)), 20);
}

TEST(TrafficResult, UnderABoundTheHighestRateCounts) {
  TrafficResult traffic;
  traffic.slo_p99_s = 0.1;
  traffic.rates = {figures(10, 0.05), figures(20, 0.09), figures(30, 0.2)};
  traffic.chosen = 1;
  EXPECT_EQ(carried_per_s(traffic), 20);
  traffic.slo_p99_s = 0.04;
  traffic.chosen = 0;
  EXPECT_EQ(carried_per_s(traffic), std::nullopt);
  EXPECT_EQ(why_not_carried(traffic),
            "no rate tried has a 99th percentile within 40.0 ms: at 10.0/s it is 50.0 ms");
}

TEST(TrafficResult, WhatIsNotKnownIsNull) {
  RateFigures measured = figures(20, 0.05);
  measured.p99_interval_s.high = std::numeric_limits<double>::infinity();
  measured.relaxation_s = std::numeric_limits<double>::infinity();
  const auto json = to_json(at_a_rate(measured), "cpu");
  EXPECT_EQ(json.at("settings"), "cpu");
  EXPECT_EQ(json.at("carried_per_s"), 20);
  EXPECT_TRUE(json.at("slo_p99_s").is_null());
  EXPECT_TRUE(json.at("surely_carried_per_s").is_null());
  const auto& rate = json.at("rates").at(0);
  EXPECT_EQ(rate.at("p99_s"), 0.05);
  EXPECT_TRUE(rate.at("p99_at_most_s").is_null());
  EXPECT_TRUE(rate.at("relaxation_s").is_null());
  EXPECT_EQ(rate.at("verdict"), "carried");
}

}  // namespace
}  // namespace dnnbench
