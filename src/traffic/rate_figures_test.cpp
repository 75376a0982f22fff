#include "traffic/rate_figures.h"

#include <gtest/gtest.h>

#include <cmath>

#include "traffic/arrivals.h"
#include "traffic/queue_for_tests.h"

namespace dnnbench {
namespace {

constexpr double kService_s = 0.01;

RateFigures figures_at(double busy, size_t count = 5000, size_t servers = 1) {
  const double rate_per_s = busy * static_cast<double>(servers) / kService_s;
  const auto arrivals = poisson_arrivals_s(rate_per_s, count, 1, 0);
  const auto requests = serve_in_order(arrivals, [](size_t) { return kService_s; }, servers);
  return rate_figures(rate_per_s, servers, requests, arrivals.back(), 0);
}

TEST(RateFigures, AreThoseOfTheQueue) {
  const RateFigures figures = figures_at(0.5, 200'000);
  EXPECT_EQ(figures.verdict, RateVerdict::kCarried);
  EXPECT_EQ(figures.reason, "");
  EXPECT_NEAR(figures.busy_share, 0.5, 1e-9);
  EXPECT_NEAR(figures.mean_wait_s, 0.5 * kService_s / (2 * 0.5), 0.05 * kService_s / 2);
  EXPECT_NEAR(figures.max_per_s(), 100, 1e-6);
  EXPECT_TRUE(figures.p99_interval_s.holds(*figures.p99_s));
}

TEST(RateFigures, SeveralServersShareTheTraffic) {
  const RateFigures figures = figures_at(0.6, 5000, 4);
  EXPECT_NEAR(figures.busy_share, 0.6, 1e-9);
  EXPECT_NEAR(figures.max_per_s(), 400, 1e-6);
  EXPECT_LT(figures.mean_wait_s, figures_at(0.6).mean_wait_s);
}

TEST(RateFigures, AGrowingQueueIsNoLatency) {
  const RateFigures figures = figures_at(1.2);
  EXPECT_EQ(figures.verdict, RateVerdict::kOverloaded);
  EXPECT_EQ(figures.reason, "it can't sustain 120/s: its maximum is about 100");
  const auto requests = serve_in_order({0, 0.1}, [](size_t) { return kService_s; });
  EXPECT_EQ(rate_figures(10, 1, requests, 10, 3).verdict, RateVerdict::kOverloaded);
}

TEST(RateFigures, NearCapacityAShortMeasurementSaysNothing) {
  EXPECT_EQ(figures_at(0.98).verdict, RateVerdict::kUnsteady);
  EXPECT_EQ(figures_at(0.98, 500'000).verdict, RateVerdict::kCarried);
}

TEST(RateFigures, ALateGeneratorVoidsThem) {
  const auto arrivals = poisson_arrivals_s(10, 1000, 1, 0);
  auto requests = serve_in_order(arrivals, [](size_t) { return kService_s; });
  for (ServedRequest& request : requests) request.late_s = 0.009 * kService_s;
  EXPECT_EQ(rate_figures(10, 1, requests, 100, 0).verdict, RateVerdict::kCarried);
  for (ServedRequest& request : requests) request.late_s = 0.011 * kService_s;
  EXPECT_EQ(rate_figures(10, 1, requests, 100, 0).verdict, RateVerdict::kLate);
}

TEST(RateFigures, AFewVeryLateRequestsVoidThemToo) {
  const auto arrivals = poisson_arrivals_s(10, 10'000, 1, 0);
  auto requests = serve_in_order(arrivals, [](size_t) { return kService_s; });
  for (size_t i = 0; i < requests.size(); i += 80) requests[i].late_s = 0.2 * kService_s;
  const RateFigures figures = rate_figures(10, 1, requests, 1000, 0);
  EXPECT_LT(figures.mean_late_s, kMaxMeanLate * kService_s);
  EXPECT_EQ(figures.verdict, RateVerdict::kLate);
}

TEST(RateFigures, TooFewRequestsHaveNoP99) {
  EXPECT_FALSE(figures_at(0.3, 458).p99_s);
  EXPECT_TRUE(figures_at(0.3, 459).p99_s);
}

TEST(Relaxation, GrowsTowardsCapacity) {
  EXPECT_NEAR(relaxation_s(50, 1e-4, 0.5, 1), 0.04, 1e-9);
  EXPECT_NEAR(relaxation_s(100, 1e-4, 0.5, 2), 0.02, 1e-9);
  EXPECT_TRUE(std::isinf(relaxation_s(100, 1e-4, 1, 1)));
}

}  // namespace
}  // namespace dnnbench
