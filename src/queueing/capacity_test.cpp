#include "queueing/capacity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>

#include "core/statistics.h"

namespace dnnbench {
namespace {

TEST(Capacity, WithoutATargetIsOneOverTheMean) {
  const Speed speed = speed_of(std::vector<double>{0.1, 0.3});
  EXPECT_DOUBLE_EQ(capacity_per_s(speed, std::nullopt), 5);
  EXPECT_DOUBLE_EQ(speed.square_s2, 0.05);
  EXPECT_DOUBLE_EQ(speed.tail_s, 0.3);
  EXPECT_FALSE(speed.tail_is_p99());
}

TEST(Capacity, ThePercentileNeeds459Samples) {
  std::vector<double> times(459, 0.1);
  times[7] = 0.9;
  EXPECT_TRUE(speed_of(times).tail_is_p99());
  EXPECT_DOUBLE_EQ(speed_of(times).tail_s, 0.1);
  times.pop_back();
  EXPECT_FALSE(speed_of(times).tail_is_p99());
  EXPECT_DOUBLE_EQ(speed_of(times).tail_s, 0.9);
}

TEST(Capacity, WithoutSamplesTheMeanWithItsWaitIsComparedWithTheLimit) {
  const Speed speed = published_speed(5);
  EXPECT_EQ(capacity_per_s(speed, 0.19), 0);
  // Half busy, equal times: the mean wait is half an inference.
  EXPECT_NEAR(capacity_per_s(speed, 0.3), 2.5, 1e-9);
  EXPECT_EQ(latency_at(speed, 2.5, 0.3).basis, LatencyBasis::kMeanEstimate);
  EXPECT_DOUBLE_EQ(*latency_at(speed, 2.5, 0.3).seconds, 0.3);
  EXPECT_FALSE(latency_at(speed, 5, std::nullopt).seconds);
}

TEST(Capacity, AtItTheLatencyIsTheTarget) {
  const Speed speed = speed_of(std::vector<double>(500, 0.1));
  EXPECT_EQ(capacity_per_s(speed, 0.0999), 0);
  for (const double target_s : {0.15, 0.3, 1.0, 20.0}) {
    const double rate = capacity_per_s(speed, target_s);
    EXPECT_GT(rate, 0);
    EXPECT_LT(rate, 10);
    EXPECT_NEAR(*latency_at(speed, rate, std::nullopt).seconds, target_s, 1e-6) << target_s;
  }
  EXPECT_FALSE(latency_at(speed, 10, std::nullopt).seconds);
}

Speed with_rates(std::vector<MeasuredRate> rates) {
  Speed speed = speed_of(std::vector<double>(500, 0.1));
  speed.measured_rates = std::move(rates);
  return speed;
}

TEST(Capacity, ARateThatWasSustainedIsALowerBound) {
  const double estimate_per_s = capacity_per_s(with_rates({}), 0.3);
  EXPECT_DOUBLE_EQ(capacity_per_s(with_rates({{1, 0.12}}), 0.3), estimate_per_s);
  EXPECT_DOUBLE_EQ(capacity_per_s(with_rates({{estimate_per_s + 1, 0.29}}), 0.3),
                   estimate_per_s + 1);
  const double infinite = std::numeric_limits<double>::infinity();
  EXPECT_DOUBLE_EQ(capacity_per_s(with_rates({{1, 0.12}, {11, infinite}}), 0.3), estimate_per_s);
  EXPECT_EQ(latency_at(with_rates({{1, 0.12}}), 3, 0.5).basis, LatencyBasis::kQueueingEstimate);
  EXPECT_EQ(*latency_at(with_rates({{1, 0.09}}), 1, 0.5).seconds, 0.09);
}

TEST(Capacity, AMeasurementThatContradictsTheEstimateCounts) {
  const Speed speed = with_rates({{1, 0.11}, {2, 0.15}, {3, 0.4}, {4, 0.39}});
  EXPECT_EQ(capacity_per_s(speed, 0.37), 2);
  EXPECT_EQ(capacity_per_s(speed, 0.39), 2);  // 4/s can't be better than 3/s but by luck
  EXPECT_EQ(latency_at(speed, 1.5, 0.37).basis, LatencyBasis::kMeasuredUnderLoad);
  EXPECT_EQ(latency_at(speed, 1.5, 0.37).seconds, 0.15);
  EXPECT_FALSE(latency_at(speed, 5, 0.37).seconds);
}

TEST(Capacity, OfTrafficAloneNothingIsEstimated) {
  Speed speed;
  speed.mean_s = 0.1;
  speed.measured_rates = {{8, 0.2}, {10, 0.3}};
  EXPECT_EQ(capacity_per_s(speed, 0.25), 8);
  EXPECT_EQ(capacity_per_s(speed, std::nullopt), 10);
  EXPECT_FALSE(latency_at(speed, 11, std::nullopt).seconds);
}

TEST(Capacity, ASlowerMachineIsSlowerInAll) {
  Speed speed = speed_of(std::vector<double>{0.1, 0.2});
  speed.measured_rates = {{4, 1}};
  const Speed slower = slowed(speed, 2);
  EXPECT_DOUBLE_EQ(slower.mean_s, 0.3);
  EXPECT_DOUBLE_EQ(slower.square_s2, 0.1);
  EXPECT_DOUBLE_EQ(slower.tail_s, 0.4);
  EXPECT_EQ(slower.measured_rates[0].rate_per_s, 2);
}

// 99th percentile of the response time of a machine that requests reach at random, one served at a
// time: Lindley's recursion over many requests.
double simulated_p99_s(const std::function<double(std::mt19937&)>& service_s, double rate_per_s) {
  std::mt19937 random(7);
  std::exponential_distribution<double> gap_s(rate_per_s);
  std::vector<double> responses;
  double wait_s = 0;
  for (int i = 0; i < 200'000; ++i) {
    const double response_s = wait_s + service_s(random);
    responses.push_back(response_s);
    wait_s = std::max(0.0, response_s - gap_s(random));
  }
  return percentile(responses, 99);
}

void expect_careful_estimate(const std::function<double(std::mt19937&)>& service_s) {
  std::mt19937 random(11);
  std::vector<double> times;
  for (int i = 0; i < 20'000; ++i) times.push_back(service_s(random));
  const Speed speed = speed_of(times);
  for (const double utilisation : {0.1, 0.3, 0.5, 0.7, 0.8, 0.9}) {
    const double rate = utilisation / speed.mean_s;
    const double ratio =
        *latency_at(speed, rate, std::nullopt).seconds / simulated_p99_s(service_s, rate);
    EXPECT_GT(ratio, 0.95) << utilisation;
    EXPECT_LT(ratio, 1.6) << utilisation;
  }
}

TEST(Capacity, OfSeveralProcessesEachHasItsShare) {
  const auto service_s = [](std::mt19937& random) {
    return 0.04 + std::exponential_distribution<double>(100)(random);
  };
  std::mt19937 random(11);
  std::vector<double> times;
  for (int i = 0; i < 20'000; ++i) times.push_back(service_s(random));
  const Speed speed = speed_of_processes(times, 3, 3 / mean(times));
  EXPECT_DOUBLE_EQ(speed.inference_s(), mean(times));
  for (const double utilisation : {0.3, 0.6, 0.9}) {
    const double rate_per_s = utilisation * speed.throughput_per_s();
    const double ratio = *latency_at(speed, rate_per_s, std::nullopt).seconds /
                         simulated_p99_s(service_s, rate_per_s / 3);
    EXPECT_GT(ratio, 0.95) << utilisation;
    EXPECT_LT(ratio, 1.6) << utilisation;
    EXPECT_NEAR(capacity_per_s(speed, latency_at(speed, rate_per_s, std::nullopt).seconds),
                rate_per_s, 1e-6);
  }
}

TEST(Capacity, TheEstimateErrsToTheCarefulSide) {
  expect_careful_estimate([](std::mt19937&) { return 0.04; });
  expect_careful_estimate([](std::mt19937& random) {
    return 0.04 + std::exponential_distribution<double>(200)(random);
  });
  expect_careful_estimate([](std::mt19937& random) {  // one in ten takes three times as long
    return std::uniform_int_distribution<int>(0, 9)(random) == 0 ? 0.12 : 0.04;
  });
  expect_careful_estimate(
      [](std::mt19937& random) { return std::exponential_distribution<double>(25)(random); });
}

}  // namespace
}  // namespace dnnbench
