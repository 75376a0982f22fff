#include "verify/accuracy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/error.h"

namespace dnnbench {
namespace {

std::vector<Value> outputs(const std::vector<double>& values, std::vector<int64_t> shape = {}) {
  if (shape.empty()) shape = {static_cast<int64_t>(values.size())};
  Tensor tensor = make_tensor(DataType::kFloat32, std::move(shape));
  from_doubles(values, tensor);
  return {make_value("y", std::move(tensor))};
}

TEST(Accuracy, IsTheRelativeNormOfTheDifference) {
  EXPECT_NEAR(error_of(outputs({3, 4}), outputs({3, 4.5})), 0.1, 1e-6);
  EXPECT_EQ(error_of(outputs({3, 4}), outputs({3, 4})), 0);
}

TEST(Accuracy, IsInfinitelyBadWhereOutputsCantBeCompared) {
  EXPECT_TRUE(std::isinf(error_of(outputs({3, 4}), outputs({3, 4, 5}))));
  EXPECT_TRUE(std::isinf(error_of(outputs({3, 4}), {})));
  EXPECT_TRUE(std::isinf(
      error_of(outputs({3, 4}), outputs({3, std::numeric_limits<double>::quiet_NaN()}))));
}

TEST(Accuracy, OfTheWorstOfSeveralOutputs) {
  std::vector<Value> f32 = outputs({3, 4}), variant = outputs({3, 4});
  f32.push_back(outputs({1})[0]);
  variant.push_back(outputs({1.5})[0]);
  EXPECT_NEAR(error_of(f32, variant), 0.5, 1e-6);
}

TEST(Accuracy, OfIntegersIsTheShareThatDiffers) {
  Tensor a = make_tensor(DataType::kInt64, {4}), b = a;
  b.as<int64_t>()[0] = 1;
  EXPECT_EQ(error_of({make_value("y", a)}, {make_value("y", b)}), 0.25);
}

TEST(Accuracy, GathersSamples) {
  AccuracyMeter meter(true);
  meter.add(outputs({1, 0}, {1, 2}), outputs({1, 0}, {1, 2}));
  meter.add(outputs({1, 0}, {1, 2}), outputs({0, 1}, {1, 2}));
  meter.add(outputs({1, 0}, {1, 2}), outputs({0.9, 0}, {1, 2}));
  const Accuracy accuracy = meter.result();
  EXPECT_EQ(accuracy.samples, 3u);
  EXPECT_NEAR(accuracy.median_error, 0.1, 1e-6);
  EXPECT_NEAR(accuracy.max_error, std::sqrt(2), 1e-6);
  EXPECT_NEAR(*accuracy.top1_agreement, 2.0 / 3, 1e-9);
}

TEST(AcceptanceOf, BoundsTheErrorOfEverySample) {
  Accuracy accuracy{10, true, 0.001, 0.03, 1, {}, {}};
  EXPECT_FALSE(acceptance_of(accuracy, {}).accepted.has_value());
  EXPECT_EQ(acceptance_of(accuracy, {0.03, {}}).accepted, true);
  EXPECT_EQ(acceptance_of(accuracy, {0.02, {}}).accepted, false);
  EXPECT_EQ(acceptance_of(accuracy, {0.02, {}}).reason,
            "an error of 0.03 on held-out samples is above the bound of 0.02");
  accuracy.max_error = std::numeric_limits<double>::infinity();
  EXPECT_EQ(acceptance_of(accuracy, {10, {}}).accepted, false);
}

TEST(Drop, CountsRowsThatAreLostAndGained) {
  AccuracyMeter meter(true);
  const auto scores = [](double a, double b, double c) { return outputs({a, b, c}, {1, 3}); };
  meter.add(scores(1, 0, 0), scores(1, 0, 0), {0});  // right by both
  meter.add(scores(1, 0, 0), scores(0, 1, 0), {0});  // lost
  meter.add(scores(1, 0, 0), scores(0, 1, 0), {1});  // gained
  meter.add(scores(1, 0, 0), scores(0, 1, 0), {2});  // wrong by both
  const Drop drop = *meter.result().drop;
  EXPECT_EQ(drop.rows, 4u);
  EXPECT_EQ(drop.f32, 2);
  EXPECT_EQ(drop.lost, 1);
  EXPECT_EQ(drop.gained, 1);
  EXPECT_EQ(drop.drop(), 0);
  EXPECT_LT(drop.low(), -0.5);
  EXPECT_GT(drop.high(), 0.5);
}

TEST(Drop, OfTopFiveLooksAtFiveScores) {
  AccuracyMeter meter(true, 5);
  meter.add(outputs({9, 8, 7, 6, 5, 4}, {1, 6}), outputs({9, 8, 7, 6, 4, 5}, {1, 6}), {4});
  const Drop drop = *meter.result().drop;
  EXPECT_EQ(drop.f32, 1);
  EXPECT_EQ(drop.lost, 1);
}

TEST(Drop, OfEqualScoresTakesTheFirstAsArgMaxDoes) {
  AccuracyMeter meter(true);
  for (const int64_t label : {0, 1, 2}) {
    std::vector<double> right(3);
    right[static_cast<size_t>(label)] = 1;
    meter.add(outputs(right, {1, 3}), outputs({0.5, 0.5, 0.5}, {1, 3}), {label});
  }
  EXPECT_EQ(meter.result().drop->lost, 2);
  AccuracyMeter five(true, 5);
  five.add(outputs({0, 1, 2, 3, 4, 5}, {1, 6}), outputs({1, 1, 1, 1, 1, 1}, {1, 6}), {5});
  EXPECT_EQ(five.result().drop->lost, 1);
}

TEST(Drop, OfNotANumberIsWrong) {
  AccuracyMeter meter(true);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  meter.add(outputs({1, 0}, {1, 2}), outputs({nan, nan}, {1, 2}), {0});
  EXPECT_EQ(meter.result().drop->lost, 1);
}

TEST(Drop, RefusesLabelsThatDontFit) {
  AccuracyMeter meter(true);
  EXPECT_THROW(meter.add(outputs({1, 0}, {1, 2}), outputs({1, 0}, {1, 2}), {2}), Error);
  EXPECT_THROW(meter.add(outputs({1, 0}, {1, 2}), outputs({1, 0}, {1, 2}), {0, 1}), Error);
}

// Nothing lost of n: the upper end u has (1 - u)^n = 0.05 / 4.
TEST(Drop, HasAnExactInterval) {
  EXPECT_NEAR((Drop{"top1", 100, 90, 0, 0}.high()), 1 - std::pow(0.0125, 0.01), 1e-9);
  EXPECT_GT((Drop{"top1", 400, 400, 0, 0}.high()), 0.01);
  EXPECT_LT((Drop{"top1", 450, 450, 0, 0}.high()), 0.01);
}

// As wide as the exact one where nothing is lost, and wider otherwise.
TEST(Drop, HasAnIntervalForScoresOfAnyKind) {
  EXPECT_NEAR((Drop{"my metric", 100, 90, 0, 0}.high()), 1 - std::pow(0.0125, 0.01), 1e-9);
  const Drop exact{"top1", 100, 90, 5, 0}, any{"my metric", 100, 90, 5, 0};
  EXPECT_GT(any.high(), exact.high());
  EXPECT_LT(any.low(), exact.low());
  EXPECT_LT(any.high(), 0.2);
}

TEST(Drop, AddsUpWhatScoresLose) {
  Drop drop{"my metric"};
  drop.add(1, 0.75);
  drop.add(0.5, 0.75);
  EXPECT_EQ(drop.lost, 0.25);
  EXPECT_EQ(drop.gained, 0.25);
  EXPECT_EQ(drop.f32_mean(), 0.75);
}

TEST(AcceptanceOf, BoundsTheUpperEndOfTheDrop) {
  Accuracy accuracy{450, true, 0.1, 0.3, 1, {}, Drop{"top1", 450, 450, 0, 0}, ""};
  EXPECT_EQ(acceptance_of(accuracy, {{}, 0.01}).accepted, true);
  EXPECT_EQ(acceptance_of(accuracy, {0.2, 0.01}).accepted, false);
  accuracy.drop->lost = 4;
  EXPECT_EQ(acceptance_of(accuracy, {{}, 0.01}).accepted, false);
  accuracy.drop.reset();
  EXPECT_EQ(acceptance_of(accuracy, {{}, 0.01}).accepted, false);
  accuracy.no_drop = "the command failed";
  EXPECT_EQ(acceptance_of(accuracy, {{}, 0.01}).reason, "the command failed");
}

}  // namespace
}  // namespace dnnbench
