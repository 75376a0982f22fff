#include "verify/verify.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "verify/values_for_tests.h"

namespace dnnbench {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

Value integers(const std::vector<double>& values, const std::string& name = "indices") {
  return numbers(DataType::kInt64, {static_cast<int64_t>(values.size())}, values, name);
}

Value strings(std::vector<std::string> words) {
  Tensor tensor = make_tensor(DataType::kString, {static_cast<int64_t>(words.size())});
  tensor.strings = std::move(words);
  return make_value("words", std::move(tensor));
}

Value sequence(std::vector<Tensor> tensors) {
  return {"list", Value::Kind::kSequence, std::move(tensors)};
}

TEST(Verify, IdenticalOutputsAreOkWithNoError) {
  const Value output = numbers(DataType::kFloat32, {2, 3}, {1, 5, 2, 7, 4, 3});
  const Verification verification = verify(reference_of({output}), {output});
  EXPECT_EQ(verification.verdict, Verdict::kOk);
  EXPECT_EQ(verification.reason, "");
  EXPECT_EQ(verification.max_abs_error, 0);
  EXPECT_EQ(verification.max_rel_error, 0);
  EXPECT_EQ(verification.norm_error, 0);
  EXPECT_NEAR(*verification.cosine, 1, 1e-15);
  EXPECT_EQ(verification.top1_agreement, 1);
  EXPECT_GT(*verification.smallest_detected_error, 0);
  ASSERT_TRUE(verification.tolerance);
  EXPECT_EQ(to_string(verification.tolerance->tolerance_class), "f32");
}

TEST(Verify, TheReasonNamesOutputPositionAndBothValues) {
  const Value right = numbers(DataType::kFloat32, {2, 2}, {1, 2, 3, 4});
  const Value wrong = numbers(DataType::kFloat32, {2, 2}, {1, 2, 3.5, 4});
  const std::string reason = verify(reference_of({right}), {wrong}).reason;
  EXPECT_NE(reason.find("Output scores at [1, 0] is 3.5 instead of 3"), std::string::npos)
      << reason;
}

struct StructureCase {
  const char* what;
  Value got;
  const char* reason;
};

TEST(Verify, WrongStructureIsWrongAndNamed) {
  const Reference reference =
      reference_of({numbers(DataType::kFloat32, {2, 3}, {1, 2, 3, 4, 5, 6})});
  const std::vector<StructureCase> cases = {
      {"shape", numbers(DataType::kFloat32, {3, 2}, {1, 2, 3, 4, 5, 6}), "float32[3,2]"},
      {"type", numbers(DataType::kFloat16, {2, 3}, {1, 2, 3, 4, 5, 6}), "float16[2,3]"},
      {"name", numbers(DataType::kFloat32, {2, 3}, {1, 2, 3, 4, 5, 6}, "other"), "other"},
      {"kind", {"scores", Value::Kind::kSequence, {}}, "a sequence"},
      {"absent", {"scores", Value::Kind::kNone, {}}, "an empty optional"},
  };
  for (const StructureCase& structure : cases) {
    const Verification verification = verify(reference, {structure.got});
    EXPECT_EQ(verification.verdict, Verdict::kWrong) << structure.what;
    EXPECT_NE(verification.reason.find(structure.reason), std::string::npos) << verification.reason;
    EXPECT_FALSE(verification.max_abs_error) << structure.what;
  }
  EXPECT_EQ(verify(reference, {}).verdict, Verdict::kWrong);
}

TEST(Verify, ATensorWithFewerBytesThanItsShapeSaysIsWrong) {
  const Value right = floats({1, 2, 3, 4});
  Value wrong = right;
  wrong.tensor().bytes.resize(8);
  EXPECT_EQ(verdict_on(reference_of({right}), wrong), Verdict::kWrong);
}

struct NonFiniteCase {
  const char* what;
  std::vector<double> expected;
  std::vector<double> got;
  Verdict verdict;
};

TEST(Verify, NaNAndInfinityMustBeWhereTheReferenceHasThem) {
  const std::vector<NonFiniteCase> cases = {
      {"same NaN", {1, kNaN, 2}, {1, kNaN, 2}, Verdict::kOk},
      {"same infinity", {1, kInfinity, 2}, {1, kInfinity, 2}, Verdict::kOk},
      {"new NaN", {1, 3, 2}, {1, kNaN, 2}, Verdict::kWrong},
      {"lost NaN", {1, kNaN, 2}, {1, 3, 2}, Verdict::kWrong},
      {"other sign", {1, kInfinity, 2}, {1, -kInfinity, 2}, Verdict::kWrong},
      {"NaN for infinity", {1, kInfinity, 2}, {1, kNaN, 2}, Verdict::kWrong},
      {"error beside NaN", {1, kNaN, 2}, {1, kNaN, 3}, Verdict::kWrong},
      {"nothing finite to compare", {kNaN, kNaN}, {kNaN, kNaN}, Verdict::kUnverified},
  };
  for (const NonFiniteCase& c : cases) {
    EXPECT_EQ(verdict_on(reference_of({floats(c.expected)}), floats(c.got)), c.verdict) << c.what;
  }
}

TEST(Verify, IntegersBoolsAndStringsMustBeIdentical) {
  const Value big = integers({1, 2, 9007199254740991.0});
  Value off_by_one = big;
  off_by_one.tensor().as<int64_t>()[2] -= 1;
  const Verification same = verify(reference_of({big}), {big});
  EXPECT_EQ(same.verdict, Verdict::kOk);
  EXPECT_EQ(same.max_abs_error, 0);
  EXPECT_EQ(same.smallest_detected_error, 1);
  const Verification wrong = verify(reference_of({big}), {off_by_one});
  EXPECT_EQ(wrong.verdict, Verdict::kWrong);
  EXPECT_NE(wrong.reason.find("9007199254740990 instead of 9007199254740991"), std::string::npos)
      << wrong.reason;
  EXPECT_EQ(to_string(wrong.tolerance->tolerance_class), "integer");

  const Value flags = numbers(DataType::kBool, {3}, {0, 1, 1});
  Value true_as_255 = flags;
  true_as_255.tensor().bytes[1] = std::byte{255};
  EXPECT_EQ(verdict_on(reference_of({flags}), true_as_255), Verdict::kOk);
  EXPECT_EQ(verdict_on(reference_of({flags}), numbers(DataType::kBool, {3}, {0, 1, 0})),
            Verdict::kWrong);

  const Value nibbles = numbers(DataType::kInt4, {3}, {-8, 7, 1});
  EXPECT_EQ(verdict_on(reference_of({nibbles}), nibbles), Verdict::kOk);
  EXPECT_EQ(verdict_on(reference_of({nibbles}), numbers(DataType::kInt4, {3}, {-8, 6, 1})),
            Verdict::kWrong);

  EXPECT_EQ(verdict_on(reference_of({strings({"cat", "dog"})}), strings({"cat", "dog"})),
            Verdict::kOk);
  const Verification word =
      verify(reference_of({strings({"cat", "dog"})}), {strings({"cat", "cow"})});
  EXPECT_EQ(word.verdict, Verdict::kWrong);
  EXPECT_NE(word.reason.find("\"cow\" instead of \"dog\""), std::string::npos) << word.reason;
}

TEST(Verify, IntegersThatFlipWithRoundingMayFlipInAnEngine) {
  std::vector<double> classes(100, 3);
  std::vector<double> one_flipped = classes;
  one_flipped[40] = 4;
  ReferenceRuns runs;
  runs.unoptimised = {integers(classes)};
  runs.wide_probes = {{integers(one_flipped)}};
  const Reference reference = make_reference(std::move(runs));
  const auto verified = [&](size_t flips) {
    std::vector<double> got = classes;
    for (size_t i = 0; i < flips; ++i) got[7 * i] = 5;
    return verify(reference, {integers(got)}, ToleranceClass::kF32);
  };
  const auto with_flips = [&](size_t flips) { return verified(flips).verdict; };
  EXPECT_FALSE(verify(reference, {integers(classes)}).smallest_detected_error);
  EXPECT_EQ(with_flips(1), Verdict::kOk);
  EXPECT_EQ(verified(0).max_abs_error, 0);
  EXPECT_EQ(verified(0).differing_elements, 0);
  EXPECT_EQ(verified(2).differing_elements, 2);  // allowed, but not exact
  EXPECT_FALSE(verified(2).max_rel_error);       // class 5 is not further from 3 than 4 is
  EXPECT_EQ(with_flips(4), Verdict::kOk);
  EXPECT_EQ(with_flips(5), Verdict::kWrong);
}

// A segmentation model that ends in ArgMax, whose classes flip as often as rounding is coarse.
TEST(Verify, AsManyIntegersMayFlipAsFlipInThePrecisionAskedFor) {
  const auto flipped = [](size_t flips) {
    std::vector<double> classes(1000, 3);
    std::fill_n(classes.begin(), flips, 4);
    return integers(classes);
  };
  ReferenceRuns runs;
  runs.unoptimised = {flipped(0)};
  runs.wide_probes = {{flipped(2)}};
  runs.coarse_probes[ToleranceClass::kF16] = {{flipped(10)}};
  runs.coarse_probes[ToleranceClass::kBf16] = {{flipped(80)}};
  const Reference reference = make_reference(std::move(runs));
  const auto max_allowed = [&](ToleranceClass requested) {
    size_t flips = 0;
    while (verdict_on(reference, flipped(flips + 1), requested) == Verdict::kOk) ++flips;
    return flips;
  };
  EXPECT_EQ(max_allowed(ToleranceClass::kF32), 8u);
  EXPECT_EQ(max_allowed(ToleranceClass::kF16), 40u);
  EXPECT_EQ(max_allowed(ToleranceClass::kBf16), 320u);
  EXPECT_EQ(verdict_on(reference, flipped(321), ToleranceClass::kBf16), Verdict::kWrong);
}

TEST(Verify, IntegersThatMostlyFlipCannotBeJudged) {
  ReferenceRuns runs;
  runs.unoptimised = {integers({1, 2, 3, 4})};
  runs.wide_probes = {{integers({1, 3, 2, 4})}};
  const Reference reference = make_reference(std::move(runs));
  EXPECT_EQ(verdict_on(reference, integers({1, 2, 3, 4})), Verdict::kOk);
  EXPECT_EQ(verdict_on(reference, integers({4, 3, 2, 1})), Verdict::kUnverified);
}

TEST(Verify, TopKMaySwapIndicesOfTiedScoresOnly) {
  const Value scores = floats({9, 5, 5, 5, 1});
  const Reference reference = reference_of({scores, integers({7, 2, 4, 6, 0})});
  EXPECT_EQ(verify(reference, {scores, integers({7, 6, 2, 4, 0})}).verdict, Verdict::kOk);
  EXPECT_EQ(verify(reference, {scores, integers({7, 2, 4, 0, 6})}).verdict, Verdict::kWrong);
  EXPECT_EQ(verify(reference, {scores, integers({2, 7, 4, 6, 0})}).verdict, Verdict::kWrong);
}

TEST(Verify, ADetectorWhoseBoxesChangeWithRoundingIsNotCalledWrong) {
  ReferenceRuns runs;
  runs.unoptimised = {integers({0, 0, 12}, "selected_indices")};
  runs.wide_probes = {{integers({0, 0, 12, 0, 0, 13}, "selected_indices")}};
  const Reference reference = make_reference(std::move(runs));
  EXPECT_EQ(verdict_on(reference, integers({0, 0, 12}, "selected_indices")), Verdict::kOk);
  const Verification other =
      verify(reference, {integers({0, 0, 12, 0, 0, 13}, "selected_indices")});
  EXPECT_EQ(other.verdict, Verdict::kUnverified);
  EXPECT_NE(other.reason.find("changes from int64[3] to int64[6] when"), std::string::npos)
      << other.reason;
}

TEST(Verify, BoxesThatChangePlacesWithRoundingAreNotCalledWrong) {
  const std::vector<double> boxes = {10, 20, 30, 40, 11, 21, 31, 41};
  const std::vector<double> swapped = {11, 21, 31, 41, 10, 20, 30, 40};
  ReferenceRuns runs;
  runs.unoptimised = {floats(boxes)};
  runs.probes = {{floats(shaken(boxes, 1e-7, 1))}};
  ReferenceRuns steady = runs;
  runs.wide_probes = {{floats(swapped)}};
  steady.wide_probes = {{floats(shaken(boxes, 1e-5, 1))}};
  const Reference reference = make_reference(std::move(runs));
  EXPECT_EQ(verdict_on(reference, floats(boxes)), Verdict::kOk);
  EXPECT_EQ(verdict_on(reference, floats(swapped)), Verdict::kUnverified);
  EXPECT_EQ(verdict_on(make_reference(std::move(steady)), floats(swapped)), Verdict::kWrong);
}

// A detector of pictures in bytes, a tagger of words: no input of theirs can be moved.
TEST(Verify, WhatSortsIsNotCalledWrongWhereNoInputCanBeMoved) {
  const std::vector<double> boxes = {10, 20, 30, 40, 11, 21, 31, 41};
  const std::vector<double> swapped = {11, 21, 31, 41, 10, 20, 30, 40};
  ReferenceRuns runs;
  runs.unoptimised = {floats(boxes, "boxes"), integers({0, 0, 12}, "indices")};
  runs.probes = {runs.unoptimised};
  const ReferenceRuns moved = runs;
  runs.unprobed = Unprobed::kEveryKind;
  const Reference reference = make_reference(std::move(runs));
  const std::vector<std::vector<Value>> others = {
      {floats(swapped, "boxes"), integers({0, 0, 12}, "indices")},
      {floats(boxes, "boxes"), integers({0, 0, 13}, "indices")},
      {floats(boxes, "boxes"), integers({0, 0, 12, 0, 0, 13}, "indices")}};
  for (const auto& outputs : others) {
    const Verification verification = verify(reference, outputs);
    EXPECT_EQ(verification.verdict, Verdict::kUnverified);
    EXPECT_NE(verification.reason.find("no input can be moved"), std::string::npos)
        << verification.reason;
    EXPECT_EQ(verify(reference, outputs, ToleranceClass::kBf16).verdict, Verdict::kUnverified);
    EXPECT_EQ(verify(make_reference(moved), outputs).verdict, Verdict::kWrong);
  }
  // No rounding does this.
  const std::vector<double> lost(boxes.size(), kNaN);
  for (const std::vector<Value>& outputs :
       {std::vector<Value>{floats(lost, "boxes"), integers({0, 0, 12}, "indices")},
        std::vector<Value>{floats(boxes, "other"), integers({0, 0, 12}, "indices")},
        std::vector<Value>{floats(boxes, "boxes"), floats({0, 0, 12}, "indices")}}) {
    EXPECT_EQ(verify(reference, outputs).verdict, Verdict::kWrong);
  }
}

TEST(Verify, OnlyDiscreteOutputsMayFlipWhereNothingSorts) {
  ReferenceRuns runs;
  runs.unoptimised = {floats(normal_values(100, 1)), integers({1, 0, 1, 1, 0, 1}, "above")};
  runs.probes = {runs.unoptimised};
  runs.unprobed = Unprobed::kDiscrete;
  const std::vector<Value> right = runs.unoptimised;
  const Reference reference = make_reference(std::move(runs));
  const auto verdict = [&](const Value& scores, const Value& above) {
    return verify(reference, {scores, above}).verdict;
  };
  EXPECT_EQ(verdict(right[0], right[1]), Verdict::kOk);
  EXPECT_EQ(verdict(right[0], integers({1, 0, 1, 0, 0, 1}, "above")), Verdict::kUnverified);
  EXPECT_EQ(verdict(right[0], integers({0, 0, 0, 0, 0, 0}, "above")), Verdict::kWrong);
  EXPECT_EQ(verdict(right[0], integers({1, 0, 1}, "above")), Verdict::kWrong);
  EXPECT_EQ(verdict(floats(std::vector<double>(100)), right[1]), Verdict::kWrong);
}

TEST(Verify, BoxesThatChangePlacesWithBf16AreStillWrongInF32) {
  const std::vector<double> boxes = {10, 20, 30, 40, 11, 21, 31, 41};
  ReferenceRuns runs;
  runs.unoptimised = {floats(boxes)};
  runs.probes = {{floats(shaken(boxes, 1e-7, 1))}};
  runs.wide_probes = {{floats(shaken(boxes, 1e-5, 1))}};
  ReferenceRuns unstable = runs, steady = runs;
  std::vector<double> opposite = boxes;
  std::reverse(opposite.begin(), opposite.end());
  unstable.coarse_probes[ToleranceClass::kBf16] = {{floats(opposite)}};
  steady.coarse_probes[ToleranceClass::kBf16] = {{floats(shaken(boxes, 4e-3, 1))}};
  const Reference reference = make_reference(std::move(unstable));
  EXPECT_EQ(verdict_on(reference, floats(opposite)), Verdict::kWrong);
  const Verification found = verify(reference, {floats(opposite)}, ToleranceClass::kBf16);
  EXPECT_EQ(found.verdict, Verdict::kUnverified);
  EXPECT_NE(found.reason.find("jumps when the inputs change as this precision rounds them"),
            std::string::npos)
      << found.reason;
  EXPECT_EQ(verdict_on(make_reference(std::move(steady)), floats(opposite), ToleranceClass::kBf16),
            Verdict::kWrong);
}

// As above, in a tensor where a mask has left fillers.
TEST(Verify, ScoresThatChangePlacesBesideFillersAreNotCalledWrong) {
  const auto masked = [](double first, double second) {
    std::vector<double> scores(100, -1e9);
    scores[0] = first;
    scores[1] = second;
    return floats(scores);
  };
  ReferenceRuns runs;
  runs.unoptimised = {masked(0.75, 0.25)};
  runs.probes = {{masked(0.75 + 1e-7, 0.25)}};
  ReferenceRuns steady = runs;
  runs.wide_probes = {{masked(0.25, 0.75)}};
  steady.wide_probes = {{masked(0.75 + 1e-5, 0.25)}};
  EXPECT_EQ(verdict_on(make_reference(std::move(runs)), masked(0.25, 0.75)), Verdict::kUnverified);
  EXPECT_EQ(verdict_on(make_reference(std::move(steady)), masked(0.25, 0.75)), Verdict::kWrong);
}

TEST(Verify, SequencesAreComparedTensorByTensor) {
  const Tensor first = floats({1, 2}).tensor();
  const Tensor second = floats({3, 4, 5}).tensor();
  const Tensor wrong = floats({3, 4, 6}).tensor();
  const Reference reference = reference_of({sequence({first, second})});
  EXPECT_EQ(verdict_on(reference, sequence({first, second})), Verdict::kOk);
  EXPECT_EQ(verdict_on(reference, sequence({second, first})), Verdict::kWrong);
  EXPECT_EQ(verdict_on(reference, sequence({first})), Verdict::kWrong);
  const Verification verification = verify(reference, {sequence({first, wrong})});
  EXPECT_EQ(verification.verdict, Verdict::kWrong);
  EXPECT_NE(verification.reason.find("list (tensor 1)"), std::string::npos) << verification.reason;
  const Value empty = {"list", Value::Kind::kNone, {}};
  EXPECT_EQ(verify(reference_of({empty, sequence({first})}), {empty, sequence({first})}).verdict,
            Verdict::kOk);
}

// A detector that finds nothing in noise.
TEST(Verify, OutputsWithoutAnyElementAreUnverified) {
  const Value boxes = numbers(DataType::kFloat32, {0, 4}, {}, "boxes");
  const Value labels = integers({}, "labels");
  const Verification verification = verify(reference_of({boxes, labels}), {boxes, labels});
  EXPECT_EQ(verification.verdict, Verdict::kUnverified);
  EXPECT_NE(verification.reason.find("No output has an element"), std::string::npos)
      << verification.reason;
  EXPECT_EQ(verdict_on(reference_of({boxes}), numbers(DataType::kFloat32, {1, 4}, {1, 2, 3, 4})),
            Verdict::kWrong);
  const Value count = integers({0}, "count");
  EXPECT_EQ(verify(reference_of({boxes, count}), {boxes, count}).verdict, Verdict::kOk);
}

TEST(Verify, ScalarsAreCompared) {
  const Value scalar = numbers(DataType::kFloat32, {}, {2.5});
  EXPECT_EQ(verdict_on(reference_of({scalar}), scalar), Verdict::kOk);
  EXPECT_EQ(verdict_on(reference_of({scalar}), numbers(DataType::kFloat32, {}, {2.51})),
            Verdict::kWrong);
}

TEST(Verify, OneWrongOutputOfSeveralIsWrong) {
  const Reference reference = reference_of({floats({1, 2}, "a"), floats({3, 4}, "b")});
  const Verification verification = verify(reference, {floats({1, 2}, "a"), floats({4, 3}, "b")});
  EXPECT_EQ(verification.verdict, Verdict::kWrong);
  EXPECT_NE(verification.reason.find("Output b"), std::string::npos);
  EXPECT_EQ(verify(reference, {floats({3, 4}, "b"), floats({1, 2}, "a")}).verdict, Verdict::kWrong);
}

TEST(Verify, Top1CountsRowsOfScoresAndTakesEqualMaximaAsEqual) {
  const Value scores = numbers(DataType::kFloat32, {4, 3}, {1, 2, 3, 3, 2, 1, 5, 5, 1, 0, 9, 0});
  const Value other = numbers(DataType::kFloat32, {4, 3}, {1, 2, 3, 2, 3, 1, 5, 6, 1, 0, 9, 0});
  EXPECT_EQ(verify(reference_of({scores}), {other}).top1_agreement, 0.75);
  const Value picture = numbers(DataType::kFloat32, {1, 2, 2, 2}, std::vector<double>(8, 1));
  EXPECT_FALSE(verify(reference_of({picture}), {picture}).top1_agreement);
}

TEST(Verify, RandomOperatorsAndAFailedReferenceAreUnverified) {
  ReferenceRuns random;
  random.unoptimised = {floats({1, 2})};
  random.random_operators = {"RandomNormal"};
  const Verification drawn = verify(make_reference(std::move(random)), {floats({1, 2})});
  EXPECT_EQ(drawn.verdict, Verdict::kUnverified);
  EXPECT_NE(drawn.reason.find("RandomNormal"), std::string::npos);

  ReferenceRuns failed;
  failed.failure = "ONNX Runtime has no kernel for Foo.";
  const Verification unknown = verify(make_reference(std::move(failed)), {floats({1, 2})});
  EXPECT_EQ(unknown.verdict, Verdict::kUnverified);
  EXPECT_NE(unknown.reason.find("Foo"), std::string::npos);
}

TEST(Verify, OutputsThatTheUserGaveAreTheReference) {
  const std::vector<double> values = normal_values(100, 1);
  ReferenceRuns runs;
  runs.unoptimised = {floats(shaken(values, 0.5, 2))};
  runs.expected = {{floats(values)}};
  const Reference reference = make_reference(std::move(runs));
  EXPECT_EQ(verdict_on(reference, floats(values)), Verdict::kOk);
  EXPECT_EQ(verdict_on(reference, floats(shaken(values, 2e-4, 3))), Verdict::kOk);
  EXPECT_EQ(verdict_on(reference, floats(shaken(values, 5e-3, 3))), Verdict::kWrong);

  ReferenceRuns alone;
  alone.expected = {{floats(values)}};
  alone.failure = "ONNX Runtime can't run it.";
  EXPECT_EQ(verdict_on(make_reference(std::move(alone)), floats(values)), Verdict::kOk);
}

}  // namespace
}  // namespace dnnbench
