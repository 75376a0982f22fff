#include "verify/accuracy.h"

#include <gtest/gtest.h>

#include <algorithm>
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

// A mask's fillers beside scores, all of which are lost.
TEST(Accuracy, OfScoresBesideFillersIsRelativeToTheScores) {
  std::vector<double> scores(1000, -1e9), lost = scores;
  for (size_t i = 0; i < 500; ++i) scores[i] = 0.01 * static_cast<double>(i);
  std::fill_n(lost.begin(), 500, 0.0);
  EXPECT_NEAR(error_of(outputs(scores), outputs(lost)), 1, 1e-6);
  EXPECT_EQ(error_of(outputs(scores), outputs(scores)), 0);
}

// As YOLO has them: four rows of pixels and one row per class, or a column.
struct Detections {
  std::vector<double> numbers;
  std::vector<int64_t> shape;
};

Detections detections(bool in_rows, double score, double size = 300) {
  constexpr size_t kCells = 100, kRows = 84;
  Detections made{std::vector<double>(kRows * kCells), {1, kRows, kCells}};
  if (!in_rows) made.shape = {1, kCells, kRows};
  for (size_t row = 0; row < kRows; ++row) {
    for (size_t cell = 0; cell < kCells; ++cell) {
      const double share = static_cast<double>((row * 31 + cell * 17) % 97 + 1) / 97;
      made.numbers[in_rows ? row * kCells + cell : cell * kRows + row] =
          row < 4 ? size * share : score * share;
    }
  }
  return made;
}

TEST(Accuracy, OfScoresBesidePixelsIsRelativeToTheScores) {
  for (const bool in_rows : {true, false}) {
    const auto error = [&](const Detections& f32, const Detections& variant) {
      return error_of(outputs(f32.numbers, f32.shape), outputs(variant.numbers, variant.shape));
    };
    const Detections f32 = detections(in_rows, 0.01);
    EXPECT_NEAR(error(f32, detections(in_rows, 0)), 1, 1e-6);
    EXPECT_NEAR(error(f32, detections(in_rows, 0.0102)), 0.02, 1e-5);
    EXPECT_NEAR(error(f32, detections(in_rows, 0.01, 330)), 0.1, 1e-3);
    // A picture without objects: what 8 bits leave of such scores means nothing.
    EXPECT_LT(error(detections(in_rows, 1e-5), detections(in_rows, 0)), 1e-6);
  }
}

// Numbers of one unit, of which some happen to be small.
TEST(Accuracy, OfSmallNumbersOfTheSameUnitIsRelativeToAll) {
  const Detections boxes = detections(true, 0.01, 1), without = detections(true, 0, 1);
  EXPECT_LT(error_of(outputs(boxes.numbers, boxes.shape), outputs(without.numbers, without.shape)),
            0.1);
  std::vector<double> features(8000, 100.0);  // as Relu leaves them, with channels nearly dead
  std::fill_n(features.begin(), 4000, 0.0);
  features[17] = 0.5;
  std::vector<double> dead = features;
  dead[17] = 0;
  EXPECT_LT(error_of(outputs(features, {1, 80, 100}), outputs(dead, {1, 80, 100})), 1e-3);
}

TEST(Accuracy, LeavesOutSamplesWithoutAnElement) {
  AccuracyMeter meter(true);
  meter.add(outputs({}, {0, 4}), outputs({}, {0, 4}));
  EXPECT_EQ(meter.result().samples, 0u);
  const Acceptance none = acceptance_of(meter.result(), {0.5, {}});
  EXPECT_EQ(none.accepted, false);
  EXPECT_EQ(none.reason, "no output has an element for any held-out sample");
  meter.add(outputs({1, 0}), outputs({0.9, 0}));
  EXPECT_EQ(meter.result().samples, 1u);
  EXPECT_NEAR(meter.result().median_error, 0.1, 1e-6);
  meter.add(outputs({}, {0, 4}), outputs({1, 2, 3, 4}, {1, 4}));  // f32 finds nothing there
  EXPECT_TRUE(std::isinf(meter.result().max_error));
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
