#include "verify/verify.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <random>

namespace dnnbench {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

Value numbers(DataType type, std::vector<int64_t> shape, const std::vector<double>& values,
              const std::string& name = "scores") {
  Tensor tensor = make_tensor(type, std::move(shape));
  from_doubles(values, tensor);
  return make_value(name, std::move(tensor));
}

Value floats(const std::vector<double>& values, const std::string& name = "scores") {
  return numbers(DataType::kFloat32, {static_cast<int64_t>(values.size())}, values, name);
}

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

std::vector<double> normal_values(size_t count, uint64_t seed) {
  std::mt19937_64 generator(seed);
  std::normal_distribution<double> normal;
  std::vector<double> values(count);
  for (double& value : values) value = static_cast<float>(normal(generator));
  return values;
}

// Each value off by `relative` times the values' root mean square times a normal number.
std::vector<double> shaken(std::vector<double> values, double relative, uint64_t seed) {
  const std::vector<double> noise = normal_values(values.size(), seed);
  double squares = 0;
  for (const double value : values) squares += value * value;
  const double scale = std::sqrt(squares / static_cast<double>(values.size()));
  for (size_t i = 0; i < values.size(); ++i) values[i] += relative * scale * noise[i];
  return values;
}

Reference reference_of(std::vector<Value> outputs, std::vector<std::vector<Value>> probes = {},
                       ToleranceClass model_class = ToleranceClass::kF32) {
  ReferenceRuns runs;
  runs.unoptimised = std::move(outputs);
  runs.probes = std::move(probes);
  runs.model_class = model_class;
  return make_reference(std::move(runs));
}

// A reference of random numbers whose probes differ by `sensitivity`.
Reference sensitive_reference(const std::vector<double>& values, double sensitivity) {
  return reference_of({floats(values)}, {{floats(shaken(values, sensitivity, 101))},
                                         {floats(shaken(values, sensitivity, 102))}});
}

Verdict verdict_on(const Reference& reference, const Value& output,
                   ToleranceClass requested = ToleranceClass::kF32) {
  return verify(reference, {output}, requested).verdict;
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

TEST(Verify, MeasuresAreThoseWorkedOutByHand) {
  // Root mean square 5; the errors are 0.5 at an element of 1 and 0.7 at one of 7.
  const Reference reference = reference_of({floats({1, 7, 5, 5})});
  const Verification verification = verify(reference, {floats({1.5, 7.7, 5, 5})});
  EXPECT_EQ(verification.verdict, Verdict::kWrong);
  EXPECT_NEAR(*verification.max_abs_error, 0.7, 1e-6);
  EXPECT_NEAR(*verification.max_rel_error, 0.1, 1e-6);
  EXPECT_NEAR(*verification.norm_error, std::sqrt((0.25 + 0.49) / 100), 1e-6);
  const double dot = 1.5 + 7 * 7.7 + 50;
  EXPECT_NEAR(*verification.cosine, dot / std::sqrt(100 * (2.25 + 7.7 * 7.7 + 50)), 1e-6);
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

// The property that the smallest detected error states, for tensors of any size and sensitivity.
TEST(Verify, AnErrorInOneElementIsCaughtAboveTheStatedSizeAndPassesBelow) {
  for (const size_t count : {1, 2, 7, 100, 1000, 50000}) {
    for (const double sensitivity : {1e-8, 1e-6, 1e-4}) {
      const std::vector<double> values = normal_values(count, count);
      const Reference reference = sensitive_reference(values, sensitivity);
      const auto at = static_cast<size_t>(
          std::min_element(values.begin(), values.end(),
                           [](double a, double b) { return std::fabs(a) < std::fabs(b); }) -
          values.begin());
      const double smallest = *verify(reference, {floats(values)}).smallest_detected_error;
      const auto with_error = [&](double error) {
        std::vector<double> wrong = values;
        wrong[at] += error;
        return numbers(DataType::kFloat32, {static_cast<int64_t>(count)}, wrong);
      };
      EXPECT_EQ(verdict_on(reference, with_error(1.02 * smallest)), Verdict::kWrong)
          << count << " elements, sensitivity " << sensitivity;
      EXPECT_EQ(verdict_on(reference, with_error(0.98 * smallest)), Verdict::kOk)
          << count << " elements, sensitivity " << sensitivity;
    }
  }
}

TEST(Verify, ErrorsOfTheProbesSizePassWhateverTheirSeed) {
  for (const size_t count : {4, 100, 10000}) {
    const std::vector<double> values = normal_values(count, 7);
    const Reference reference = sensitive_reference(values, 1e-5);
    for (uint64_t seed = 0; seed < 50; ++seed) {
      EXPECT_EQ(verdict_on(reference, floats(shaken(values, 1e-5, seed))), Verdict::kOk)
          << count << " elements, seed " << seed;
    }
  }
}

TEST(Verify, AnEngineThirtyTimesLessExactThanTheProbesPasses) {
  for (const size_t count : {4, 100, 10000}) {
    const std::vector<double> values = normal_values(count, 7);
    const Reference reference = sensitive_reference(values, 1e-6);
    for (uint64_t seed = 0; seed < 50; ++seed) {
      EXPECT_EQ(verdict_on(reference, floats(shaken(values, 3e-5, seed))), Verdict::kOk)
          << count << " elements, seed " << seed;
    }
  }
}

TEST(Verify, ErrorsInSmallElementsAreRelativeToTheTensorsScale) {
  std::vector<double> values = normal_values(1000, 3);
  values[5] = 1e-12;
  const Reference reference = sensitive_reference(values, 1e-6);
  values[5] = 1e-6;  // a million times the element, a millionth of the scale
  EXPECT_EQ(verdict_on(reference, floats(values)), Verdict::kOk);
}

std::vector<double> transposed(const std::vector<double>& values, size_t rows, size_t columns) {
  std::vector<double> result(values.size());
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < columns; ++j) result[j * rows + i] = values[i * columns + j];
  }
  return result;
}

struct FaultCase {
  const char* what;
  std::function<std::vector<double>(std::vector<double>)> inject;
};

TEST(Verify, WhatAnEngineTypicallyGetsWrongIsCaughtInEveryClass) {
  const std::vector<double> values = normal_values(1024, 11);
  const Reference reference = sensitive_reference(values, 1e-6);
  const std::vector<FaultCase> faults = {
      {"transposed", [](auto v) { return transposed(v, 32, 32); }},
      {"shifted by one",
       [](auto v) {
         std::rotate(v.begin(), v.begin() + 1, v.end());
         return v;
       }},
      {"another input's answer", [](auto v) { return normal_values(v.size(), 12); }},
      {"all zero", [](auto v) { return std::vector<double>(v.size()); }},
      {"half of it zero",
       [](auto v) {
         std::fill(v.begin() + 512, v.end(), 0.0);
         return v;
       }},
      {"negated",
       [](auto v) {
         for (double& x : v) x = -x;
         return v;
       }},
      {"doubled",
       [](auto v) {
         for (double& x : v) x *= 2;
         return v;
       }},
      {"one element of another",
       [](auto v) {
         v[17] = -v[17] - 3;
         return v;
       }},
  };
  for (const FaultCase& fault : faults) {
    for (const auto requested :
         {ToleranceClass::kF32, ToleranceClass::kF16, ToleranceClass::kBf16}) {
      EXPECT_EQ(verdict_on(reference, floats(fault.inject(values)), requested), Verdict::kWrong)
          << fault.what << " in " << to_string(requested);
    }
  }
}

std::vector<double> rounded_to(DataType type, const std::vector<double>& values) {
  Tensor tensor = make_tensor(type, {static_cast<int64_t>(values.size())});
  from_doubles(values, tensor);
  return to_doubles(tensor);
}

TEST(Verify, HalfPrecisionIsCaughtWhereF32WasAskedAndPassesInItsOwnClass) {
  const std::vector<double> values = normal_values(1000, 5);
  const Reference reference = sensitive_reference(values, 1e-7);
  const Value f16 = floats(rounded_to(DataType::kFloat16, values));
  const Value bf16 = floats(rounded_to(DataType::kBfloat16, values));
  EXPECT_EQ(verdict_on(reference, f16), Verdict::kWrong);
  EXPECT_EQ(verdict_on(reference, bf16), Verdict::kWrong);
  EXPECT_EQ(verdict_on(reference, f16, ToleranceClass::kF16), Verdict::kOk);
  EXPECT_EQ(verdict_on(reference, bf16, ToleranceClass::kBf16), Verdict::kOk);
  EXPECT_EQ(verdict_on(reference, f16, ToleranceClass::kBf16), Verdict::kOk);
}

TEST(Verify, NumbersRoundedToHalfAreCaughtWhereTheModelAmplifiesRoundingMoreThanThat) {
  const std::vector<double> values = normal_values(1000, 5);
  const Reference reference = sensitive_reference(values, 1e-4);
  EXPECT_EQ(verdict_on(reference, floats(shaken(values, 1e-4, 1))), Verdict::kOk);
  for (const DataType type : {DataType::kFloat16, DataType::kBfloat16}) {
    const Value rounded = floats(rounded_to(type, values));
    EXPECT_EQ(verdict_on(reference, rounded), Verdict::kWrong);
    EXPECT_EQ(verdict_on(reference, rounded, ToleranceClass::kBf16), Verdict::kOk);
  }
}

TEST(Verify, RoundNumbersAreNotTakenForHalfPrecisionWhereTheReferenceHasThemToo) {
  std::vector<double> steps(100);
  std::iota(steps.begin(), steps.end(), 0.0);
  std::vector<double> off_by_one = steps;
  off_by_one[50] += 1;
  const Reference reference = sensitive_reference(steps, 1e-3);
  EXPECT_EQ(verdict_on(reference, floats(off_by_one)), Verdict::kOk);
}

TEST(Verify, OutputsOfHalfPrecisionAreJudgedByTheirOwnRounding) {
  const std::vector<double> values = normal_values(1000, 5);
  for (const DataType type : {DataType::kFloat16, DataType::kBfloat16}) {
    const Value right = numbers(type, {1000}, values);
    Value last_place = right;
    for (uint16_t& bits : last_place.tensor().as<uint16_t>()) bits ^= 1;
    Value wrong = right;
    wrong.tensor().as<uint16_t>()[3] ^= 0x8000;  // one sign
    const Verification verification = verify(reference_of({right}), {last_place});
    EXPECT_EQ(verification.verdict, Verdict::kOk) << verification.reason;
    EXPECT_NE(verification.tolerance->tolerance_class, ToleranceClass::kF32);
    wrong.tensor().as<uint16_t>()[500] ^= 0x8000;
    EXPECT_EQ(verdict_on(reference_of({right}), wrong), Verdict::kWrong);
  }
}

TEST(Verify, AModelThatAmplifiesRoundingBeyondUseIsUnverifiedNotWrong) {
  const std::vector<double> values = normal_values(1000, 5);
  const Reference reference = sensitive_reference(values, 1e-2);
  EXPECT_EQ(verdict_on(reference, floats(shaken(values, 1e-2, 1))), Verdict::kOk);
  const Verification verification = verify(reference, {floats(shaken(values, 0.2, 1))});
  EXPECT_EQ(verification.verdict, Verdict::kUnverified);
  EXPECT_NE(verification.reason.find("amplifies"), std::string::npos) << verification.reason;
  EXPECT_EQ(verdict_on(reference, floats(normal_values(1000, 6))), Verdict::kWrong);
  // Just beyond the limit, but so far above the sensitivity that only the safety would excuse it.
  const Reference steadier = sensitive_reference(values, 5e-4);
  EXPECT_EQ(verdict_on(steadier, floats(shaken(values, 0.06, 1))), Verdict::kWrong);
}

TEST(Verify, ATensorOfZerosAllowsWhatF32WouldOfOne) {
  const Reference reference = reference_of({floats({0, 0, 0, 0})});
  EXPECT_EQ(verdict_on(reference, floats({0, 1e-7, 0, 0})), Verdict::kOk);
  EXPECT_EQ(verdict_on(reference, floats({0, 1e-3, 0, 0})), Verdict::kWrong);
}

TEST(Verify, TinyNumbersAreJudgedLikeOthers) {
  const Reference reference = reference_of({floats({1e-30, 2e-30, 3e-30})});
  EXPECT_EQ(verdict_on(reference, floats({1e-30, 2e-30, 3.0001e-30})), Verdict::kWrong);
  const Reference denormal = reference_of({floats({1e-40, 2e-40})});
  EXPECT_EQ(verdict_on(denormal, floats({0, 0})), Verdict::kWrong);
}

TEST(Verify, HugeNumbersAreJudgedLikeOthers) {
  const Value huge = numbers(DataType::kFloat64, {3}, {1e200, 2e200, 3e200});
  EXPECT_EQ(verdict_on(reference_of({huge}), huge), Verdict::kOk);
  EXPECT_EQ(
      verdict_on(reference_of({huge}), numbers(DataType::kFloat64, {3}, {1e200, 2e200, 3.001e200})),
      Verdict::kWrong);
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
  const auto with_flips = [&](size_t flips) {
    std::vector<double> got = classes;
    for (size_t i = 0; i < flips; ++i) got[7 * i] = 5;
    return verdict_on(reference, integers(got));
  };
  EXPECT_FALSE(verify(reference, {integers(classes)}).smallest_detected_error);
  EXPECT_EQ(with_flips(1), Verdict::kOk);
  EXPECT_EQ(with_flips(4), Verdict::kOk);
  EXPECT_EQ(with_flips(5), Verdict::kWrong);
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

TEST(Verify, QuantisedModelsMayDifferBySteps) {
  const std::vector<double> values = normal_values(1000, 9);
  const Reference reference = reference_of({floats(values)}, {{floats(shaken(values, 0.025, 1))}},
                                           ToleranceClass::kQuantised);
  EXPECT_EQ(verdict_on(reference, floats(shaken(values, 0.04, 2))), Verdict::kOk);
  EXPECT_EQ(verdict_on(reference, floats(normal_values(1000, 10))), Verdict::kWrong);

  std::vector<double> steps(256);
  std::iota(steps.begin(), steps.end(), 0.0);
  std::vector<double> off_by_one = steps;
  for (size_t i = 0; i < 255; i += 3) off_by_one[i] += 1;
  const auto bytes = [](const std::vector<double>& v) {
    return numbers(DataType::kUint8, {256}, v);
  };
  EXPECT_EQ(
      verdict_on(reference_of({bytes(steps)}, {}, ToleranceClass::kQuantised), bytes(off_by_one)),
      Verdict::kOk);
  EXPECT_EQ(verdict_on(reference_of({bytes(steps)}), bytes(off_by_one)), Verdict::kWrong);
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
  EXPECT_EQ(verdict_on(reference_of({empty}), empty), Verdict::kOk);
}

TEST(Verify, EmptyTensorsAndScalarsAreCompared) {
  const Value empty = numbers(DataType::kFloat32, {0, 3}, {});
  EXPECT_EQ(verdict_on(reference_of({empty}), empty), Verdict::kOk);
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

TEST(Verify, PrecisionsHaveTheirClassAndUnknownOnesTheStrictest) {
  EXPECT_EQ(tolerance_class_of("f32"), ToleranceClass::kF32);
  EXPECT_EQ(tolerance_class_of("f16"), ToleranceClass::kF16);
  EXPECT_EQ(tolerance_class_of("bf16"), ToleranceClass::kBf16);
  EXPECT_EQ(tolerance_class_of("mixed"), ToleranceClass::kBf16);
  EXPECT_EQ(tolerance_class_of("tf32"), ToleranceClass::kF16);
}

}  // namespace
}  // namespace dnnbench
