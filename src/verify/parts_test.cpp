#include "verify/parts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "verify/values_for_tests.h"
#include "verify/verify.h"

namespace dnnbench {
namespace {

// Half of the scores are masked, by `filler` in place of a score or added to it.
std::vector<double> masked(std::vector<double> scores, double filler, bool added = false) {
  for (size_t i = scores.size() / 2; i < scores.size(); ++i) {
    scores[i] = added ? static_cast<float>(scores[i] + filler) : filler;
  }
  return scores;
}

TEST(Parts, FillersDontHideWhatIsBesideThem) {
  const std::vector<double> values = normal_values(1000, 5);
  const std::vector<double> right = shaken(values, 1e-6, 3), others = normal_values(1000, 6);
  const double lowest = std::numeric_limits<float>::lowest();
  for (const double filler : {-1e4, -1e9, 1e30, lowest}) {
    for (const bool added : {false, true}) {
      const auto with = [&](const std::vector<double>& scores) {
        return floats(masked(scores, filler, added));
      };
      const Reference reference =
          reference_of({with(values)}, {{with(shaken(values, 1e-7, 1))}, {with(values)}});
      EXPECT_EQ(verdict_on(reference, with(values)), Verdict::kOk) << filler;
      EXPECT_EQ(verdict_on(reference, with(right)), Verdict::kOk) << filler;
      const Verification found = verify(reference, {with(others)});
      EXPECT_EQ(found.verdict, Verdict::kWrong) << filler;
      EXPECT_GT(*found.norm_error, 1) << filler;
      EXPECT_EQ(verdict_on(reference, with(std::vector<double>(1000))), Verdict::kWrong) << filler;
      std::vector<double> one_lost = masked(values, filler, added);
      one_lost.back() /= 10;
      EXPECT_EQ(verdict_on(reference, floats(one_lost)), Verdict::kWrong) << filler;
      Value rounded = floats(rounded_to(DataType::kBfloat16, masked(values, -1e9, added)));
      const Reference huge = reference_of({floats(masked(values, -1e9, added))});
      EXPECT_EQ(verdict_on(huge, rounded), Verdict::kWrong);
      EXPECT_EQ(verdict_on(huge, rounded, ToleranceClass::kBf16), Verdict::kOk);
    }
  }
}

TEST(Parts, TheReasonNamesTheElementBesideTheFillers) {
  std::vector<double> scores(100, -1e9);
  scores[40] = 0.5;
  scores[41] = 0.25;
  std::vector<double> wrong = scores;
  wrong[41] = 0.75;
  const std::string reason = verify(reference_of({floats(scores)}), {floats(wrong)}).reason;
  EXPECT_NE(reason.find("Output scores at [41] is 0.75 instead of 0.25"), std::string::npos)
      << reason;
}

// What is huge but no filler: judged by the scale of all.
TEST(Parts, HugeResultsAreNoFillers) {
  const auto accepts = [](std::vector<double> values, const std::vector<double>& probe) {
    const Reference reference = reference_of({floats(values)}, {{floats(probe)}});
    values[5] += 1e-3;
    return verdict_on(reference, floats(values)) == Verdict::kOk;
  };
  std::vector<double> scores = normal_values(1000, 5);
  const auto with = [&](double first, double second) {
    std::vector<double> values = scores;
    values[0] = first;
    values[1] = second;
    return values;
  };
  EXPECT_FALSE(accepts(with(1e9, 1e9), with(1e9, 1e9)));
  EXPECT_TRUE(accepts(with(1e9, 1), with(1e9, 1)));            // one alone
  EXPECT_TRUE(accepts(with(1e9, 2e8), with(1e9, 2e8)));        // not the same
  EXPECT_TRUE(accepts(with(1e9, -1e9), with(1e9, -1e9)));      // nor of one sign
  EXPECT_TRUE(accepts(with(1e9, 1e9), with(1.00001e9, 1e9)));  // nor constant
  EXPECT_TRUE(accepts(with(9e3, 9e3), with(9e3, 9e3)));        // too small to hide much
  std::vector<double> zeros(1000);
  zeros[0] = zeros[1] = 1e9;
  EXPECT_TRUE(accepts(zeros, zeros));
}

constexpr size_t kRows = 84, kCells = 100;

// Four rows of boxes in pixels and 80 of scores up to `score`, as in YOLO; each kind shaken by
// `relative` of its size.
Value detections(double score, double relative = 0, uint64_t seed = 1) {
  const std::vector<double> values = normal_values(kRows * kCells, 5);
  const std::vector<double> noise = normal_values(kRows * kCells, seed);
  std::vector<double> made(values.size());
  for (size_t i = 0; i < made.size(); ++i) {
    const double share = 0.01 + 0.99 * std::fabs(std::sin(values[i]));
    const double size = i < 4 * kCells ? 300 : score;
    made[i] = size * (share + relative * noise[i]);
    if (i >= 4 * kCells) made[i] = std::clamp(made[i], 0.0, 1.0);
  }
  return numbers(DataType::kFloat32, {1, kRows, kCells}, made);
}

Reference reference_of_detections(double score, double sensitivity) {
  return reference_of({detections(score)},
                      {{detections(score, sensitivity, 2)}, {detections(score, sensitivity, 3)}});
}

TEST(Parts, ScoresBesidePixelsAreFoundAlongAnyAxis) {
  const std::vector<double> rows = to_doubles(detections(0.5).tensor());
  std::vector<double> columns(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) columns[i % kCells * kRows + i / kCells] = rows[i];
  const std::vector<size_t> in_rows = scores_beside_pixels(rows, std::vector<int64_t>{1, 84, 100});
  ASSERT_EQ(in_rows.size(), 80 * kCells);
  EXPECT_EQ(in_rows.front(), 4 * kCells);
  EXPECT_EQ(in_rows.back(), rows.size() - 1);
  const auto in_columns = scores_beside_pixels(columns, std::vector<int64_t>{1, 100, 84});
  ASSERT_EQ(in_columns.size(), 80 * kCells);
  EXPECT_EQ(in_columns[0], 4u);
  EXPECT_EQ(in_columns[80], 84u + 4);
  std::vector<double> small = rows;
  for (double& number : small) number /= 100;
  EXPECT_TRUE(scores_beside_pixels(small, std::vector<int64_t>{1, 84, 100}).empty());
}

TEST(Parts, LostScoresBesidePixelsAreWrong) {
  const Reference reference = reference_of_detections(1e-3, 1e-6);
  EXPECT_EQ(verdict_on(reference, detections(1e-3)), Verdict::kOk);
  EXPECT_EQ(verdict_on(reference, detections(1e-3, 1e-6, 7)), Verdict::kOk);
  const Verification found = verify(reference, {detections(0)});
  EXPECT_EQ(found.verdict, Verdict::kWrong);
  EXPECT_NE(found.reason.find("over the scores beside boxes in pixels"), std::string::npos)
      << found.reason;
  EXPECT_NE(found.reason.find("Output scores at [0, "), std::string::npos) << found.reason;
}

// A picture with rows that are nearly black: rounding sums of its large numbers shows there.
TEST(Parts, DarkRowsOfAPictureNeedNotBeExactToTheirOwnSize) {
  const Reference reference = reference_of({detections(0.5)});
  const std::vector<double> values = to_doubles(detections(0.5).tensor());
  std::vector<double> others = values;
  for (size_t i = 400; i < others.size(); ++i) others[i] += i % 2 == 0 ? 3e-5 : -3e-5;
  EXPECT_EQ(verdict_on(reference, numbers(DataType::kFloat32, {1, kRows, kCells}, others)),
            Verdict::kOk);
}

// One engine's sigmoid may be exact to 2^-24 of 1, however small it is.
TEST(Parts, SmallScoresBesidePixelsNeedNotBeExactToTheirOwnSize) {
  const Reference reference = reference_of_detections(1e-6, 0);
  EXPECT_EQ(verdict_on(reference, detections(1.1e-6)), Verdict::kOk);
}

TEST(Parts, ScoresBesidePixelsThatRoundingMovesMuchAreNotCalledWrong) {
  const Reference reference = reference_of_detections(0.5, 1e-4);
  EXPECT_EQ(verdict_on(reference, detections(0.5, 3e-3, 7)), Verdict::kOk);
  ReferenceRuns runs;
  runs.unoptimised = {detections(0.5)};
  runs.probes = {{detections(0.5, 1e-7, 2)}};
  runs.wide_probes = {{detections(0.4, 1e-7, 2)}};
  EXPECT_EQ(verdict_on(make_reference(std::move(runs)), detections(0.4)), Verdict::kUnverified);
}

}  // namespace
}  // namespace dnnbench
