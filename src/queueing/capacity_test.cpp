#include "queueing/capacity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
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
  EXPECT_EQ(latency_at(speed, 2.5).basis, LatencyBasis::kMeanEstimate);
  EXPECT_DOUBLE_EQ(*latency_at(speed, 2.5).seconds, 0.3);
  EXPECT_FALSE(latency_at(speed, 5).seconds);
}

TEST(Capacity, AtItTheLatencyIsTheTarget) {
  const Speed speed = speed_of(std::vector<double>(500, 0.1));
  EXPECT_EQ(capacity_per_s(speed, 0.0999), 0);
  for (const double target_s : {0.15, 0.3, 1.0, 20.0}) {
    const double rate = capacity_per_s(speed, target_s);
    EXPECT_GT(rate, 0);
    EXPECT_LT(rate, 10);
    EXPECT_NEAR(*latency_at(speed, rate).seconds, target_s, 1e-6) << target_s;
  }
  EXPECT_FALSE(latency_at(speed, 10).seconds);
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
  EXPECT_EQ(latency_at(with_rates({{1, 0.12}}), 3).basis, LatencyBasis::kQueueingEstimate);
  EXPECT_NEAR(capacity_per_s(with_rates({{12, 0.2}}), 0.3), 10, 1e-9);  // as without a limit
  EXPECT_EQ(*latency_at(with_rates({{1, 0.09}}), 1).seconds, 0.09);
}

TEST(Capacity, AMeasurementAboveTheEstimateRaisesItAtEveryRate) {
  const Speed plain = with_rates({});
  const Speed speed = with_rates({{1, 0.11}, {2, 0.15}, {3, 0.4}, {4, 0.39}});
  const double factor = 0.4 / *latency_at(plain, 3).seconds;
  EXPECT_GT(factor, 1.1);
  EXPECT_DOUBLE_EQ(*latency_at(speed, 5).seconds, factor * *latency_at(plain, 5).seconds);
  EXPECT_EQ(latency_at(speed, 5).basis, LatencyBasis::kQueueingEstimate);
  EXPECT_EQ(latency_at(speed, 1.5).basis, LatencyBasis::kMeasuredUnderTraffic);
  EXPECT_EQ(latency_at(speed, 1.5).seconds, 0.15);
  EXPECT_EQ(latency_at(speed, 4).seconds, 0.4);  // 4/s can't be better than 3/s but by luck
  EXPECT_DOUBLE_EQ(capacity_per_s(speed, 0.37), capacity_per_s(plain, 0.37 / factor));
  EXPECT_EQ(capacity_per_s(speed, 0.4), 4);
}

TEST(Capacity, AboveAnOverloadThatTheTimesDontExplainNothingIsKnown) {
  const double infinite = std::numeric_limits<double>::infinity();
  const Speed speed = with_rates({{4, 0.15}, {8, infinite}});
  EXPECT_EQ(capacity_per_s(speed, 100), 4);
  EXPECT_EQ(capacity_per_s(speed, 0.15), 4);
  EXPECT_FALSE(latency_at(speed, 6).seconds);
  EXPECT_EQ(latency_at(speed, 6).basis, LatencyBasis::kMeasuredUnderTraffic);  // unknown
  EXPECT_FALSE(latency_at(speed, 8).seconds);
  EXPECT_EQ(latency_at(speed, 8).basis, LatencyBasis::kQueueingEstimate);  // unbounded
  EXPECT_EQ(capacity_per_s(speed, std::nullopt), 4);
  EXPECT_EQ(capacity_per_s(with_rates({{8, infinite}}), 100), 0);
  EXPECT_EQ(capacity_per_s(with_rates({{8, infinite}}), std::nullopt), 0);
  EXPECT_NEAR(capacity_per_s(with_rates({{4, 0.15}, {11, infinite}}), std::nullopt), 10, 1e-9);
}

// Of any kind, with rates measured or not.
Speed random_speed(std::mt19937& random) {
  const auto uniform = [&](double from, double to) {
    return std::uniform_real_distribution<double>(from, to)(random);
  };
  std::vector<double> times;
  for (int i = 0; i < 500; ++i) times.push_back(uniform(0.05, 0.15));
  Speed speed = speed_of(times);
  const double kind = uniform(0, 4);
  if (kind < 1) {
    speed = published_speed(10);
  } else if (kind < 2) {
    speed = speed_of_processes(times, 3, uniform(20, 30));
  }
  double rate_per_s = 0;
  for (double count = uniform(0, 5); count > 0; --count) {
    rate_per_s += uniform(0.05, 0.5) * speed.throughput_per_s();
    const bool overloaded = uniform(0, 1) < 0.2;
    speed.measured_rates.push_back(
        {rate_per_s, overloaded ? std::numeric_limits<double>::infinity() : uniform(0.05, 2)});
  }
  const double carried = carried_per_s(speed.measured_rates);
  if (kind > 3 && carried > 0) {  // traffic alone
    speed.mean_s = 1 / carried;
    speed.samples = 0;
    speed.square_s2 = speed.tail_s = 0;
  }
  return speed;
}

double seconds(const Latency& latency) {
  return latency.seconds.value_or(std::numeric_limits<double>::infinity());
}

constexpr double kRounding = 1e-6;

TEST(Capacity, RisesWithTheLimitAndFallsWithTheSpeed) {
  std::mt19937 random(3);
  for (int round = 0; round < 500; ++round) {
    const Speed speed = random_speed(random);
    const Speed slower = slowed(speed, std::uniform_real_distribution<double>(1, 2)(random));
    double before = 0;
    for (double limit_s = 0.02; limit_s < 20; limit_s *= 1.1) {
      const double capacity = capacity_per_s(speed, limit_s);
      EXPECT_GE(capacity, before) << round << " " << limit_s;
      EXPECT_LE(capacity_per_s(slower, limit_s), capacity * (1 + kRounding)) << round;
      if (capacity > 0) {
        EXPECT_LE(seconds(latency_at(speed, capacity)), limit_s * (1 + kRounding)) << round;
      }
      if (capacity < speed.throughput_per_s() * 0.999) {
        EXPECT_GT(seconds(latency_at(speed, capacity * 1.001 + 1e-6)), limit_s) << round;
      }
      before = capacity;
    }
    const double unlimited = capacity_per_s(speed, std::nullopt);
    EXPECT_GE(unlimited, before) << round;
    EXPECT_LE(unlimited, speed.throughput_per_s()) << round;
    for (const MeasuredRate& step : speed.measured_rates) {
      if (std::isinf(step.p99_s)) EXPECT_LT(unlimited, step.rate_per_s) << round;
    }
  }
}

TEST(Capacity, NoLatencyIsBelowOneMeasuredAtThatRateOrALowerOne) {
  std::mt19937 random(4);
  for (int round = 0; round < 500; ++round) {
    const Speed speed = random_speed(random);
    double highest_s = 0, before_s = 0;
    for (const MeasuredRate& step : speed.measured_rates) {
      highest_s = std::max(highest_s, step.p99_s);
      for (const double rate_per_s : {step.rate_per_s, step.rate_per_s * 1.01}) {
        const double latency_s = seconds(latency_at(speed, rate_per_s));
        EXPECT_GE(latency_s * (1 + kRounding), highest_s) << round << " " << rate_per_s;
        EXPECT_GE(latency_s * (1 + kRounding), before_s) << round << " " << rate_per_s;
        before_s = latency_s;
      }
    }
  }
}

TEST(Capacity, OfTrafficAloneNothingIsEstimated) {
  Speed speed;
  speed.mean_s = 0.1;
  speed.measured_rates = {{8, 0.2}, {10, 0.3}};
  EXPECT_EQ(capacity_per_s(speed, 0.25), 8);
  EXPECT_EQ(capacity_per_s(speed, std::nullopt), 10);
  EXPECT_FALSE(latency_at(speed, 11).seconds);
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
    const double ratio = *latency_at(speed, rate).seconds / simulated_p99_s(service_s, rate);
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
    const double ratio =
        *latency_at(speed, rate_per_s).seconds / simulated_p99_s(service_s, rate_per_s / 3);
    EXPECT_GT(ratio, 0.95) << utilisation;
    EXPECT_LT(ratio, 1.6) << utilisation;
    EXPECT_NEAR(capacity_per_s(speed, latency_at(speed, rate_per_s).seconds), rate_per_s, 1e-6);
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
