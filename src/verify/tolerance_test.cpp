#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "verify/values_for_tests.h"
#include "verify/verify.h"

namespace dnnbench {
namespace {

// A reference of random numbers whose probes differ by `sensitivity`.
Reference sensitive_reference(const std::vector<double>& values, double sensitivity) {
  return reference_of({floats(values)}, {{floats(shaken(values, sensitivity, 101))},
                                         {floats(shaken(values, sensitivity, 102))}});
}

TEST(Tolerance, MeasuresAreThoseWorkedOutByHand) {
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

// The property that the smallest detected error states, for tensors of any size and sensitivity.
TEST(Tolerance, AnErrorInOneElementIsCaughtAboveTheStatedSizeAndPassesBelow) {
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

TEST(Tolerance, ErrorsOfTheProbesSizePassWhateverTheirSeed) {
  for (const size_t count : {4, 100, 10000}) {
    const std::vector<double> values = normal_values(count, 7);
    const Reference reference = sensitive_reference(values, 1e-5);
    for (uint64_t seed = 0; seed < 50; ++seed) {
      EXPECT_EQ(verdict_on(reference, floats(shaken(values, 1e-5, seed))), Verdict::kOk)
          << count << " elements, seed " << seed;
    }
  }
}

TEST(Tolerance, AnEngineThirtyTimesLessExactThanTheProbesPasses) {
  for (const size_t count : {4, 100, 10000}) {
    const std::vector<double> values = normal_values(count, 7);
    const Reference reference = sensitive_reference(values, 1e-6);
    for (uint64_t seed = 0; seed < 50; ++seed) {
      EXPECT_EQ(verdict_on(reference, floats(shaken(values, 3e-5, seed))), Verdict::kOk)
          << count << " elements, seed " << seed;
    }
  }
}

TEST(Tolerance, ErrorsInSmallElementsAreRelativeToTheTensorsScale) {
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

TEST(Tolerance, WhatAnEngineTypicallyGetsWrongIsCaughtInEveryClass) {
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

TEST(Tolerance, HalfPrecisionIsCaughtWhereF32WasAskedAndPassesInItsOwnClass) {
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

TEST(Tolerance, NumbersRoundedToHalfAreCaughtWhereTheModelAmplifiesRoundingMoreThanThat) {
  const std::vector<double> values = normal_values(1000, 5);
  const Reference reference = sensitive_reference(values, 1e-4);
  EXPECT_EQ(verdict_on(reference, floats(shaken(values, 1e-4, 1))), Verdict::kOk);
  for (const DataType type : {DataType::kFloat16, DataType::kBfloat16}) {
    const Value rounded = floats(rounded_to(type, values));
    EXPECT_EQ(verdict_on(reference, rounded), Verdict::kWrong);
    EXPECT_EQ(verdict_on(reference, rounded, ToleranceClass::kBf16), Verdict::kOk);
  }
}

TEST(Tolerance, RoundNumbersAreNotTakenForHalfPrecisionWhereTheReferenceHasThemToo) {
  std::vector<double> steps(100);
  std::iota(steps.begin(), steps.end(), 0.0);
  std::vector<double> off_by_one = steps;
  off_by_one[50] += 1;
  const Reference reference = sensitive_reference(steps, 1e-3);
  EXPECT_EQ(verdict_on(reference, floats(off_by_one)), Verdict::kOk);
}

TEST(Tolerance, OutputsOfHalfPrecisionAreJudgedByTheirOwnRounding) {
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

TEST(Tolerance, AModelThatAmplifiesRoundingBeyondUseIsUnverifiedNotWrong) {
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

// OpenVINO in bf16 was off by 280,000 times the sensitivity of a classifier with integer inputs,
// which can't be probed.
TEST(Tolerance, HalfPrecisionBeyondTheEstimateIsUnverifiedNotWrong) {
  const std::vector<double> values = normal_values(1000, 5);
  const Reference reference = sensitive_reference(values, 5e-7);
  const std::vector<Value> off = {floats(shaken(values, 0.13, 1))};
  const Verification verification = verify(reference, off, ToleranceClass::kBf16);
  EXPECT_EQ(verification.verdict, Verdict::kUnverified);
  EXPECT_NE(verification.reason.find("is an estimate"), std::string::npos) << verification.reason;
  EXPECT_EQ(verdict_on(reference, floats(shaken(values, 0.3, 1)), ToleranceClass::kBf16),
            Verdict::kWrong);
  EXPECT_EQ(verdict_on(reference, off[0]), Verdict::kWrong);
}

TEST(Tolerance, ATensorOfZerosAllowsWhatF32WouldOfOne) {
  const Reference reference = reference_of({floats({0, 0, 0, 0})});
  EXPECT_EQ(verdict_on(reference, floats({0, 1e-7, 0, 0})), Verdict::kOk);
  EXPECT_EQ(verdict_on(reference, floats({0, 1e-3, 0, 0})), Verdict::kWrong);
}

TEST(Tolerance, TinyNumbersAreJudgedLikeOthers) {
  const Reference reference = reference_of({floats({1e-30, 2e-30, 3e-30})});
  EXPECT_EQ(verdict_on(reference, floats({1e-30, 2e-30, 3.0001e-30})), Verdict::kWrong);
  const Reference denormal = reference_of({floats({1e-40, 2e-40})});
  EXPECT_EQ(verdict_on(denormal, floats({0, 0})), Verdict::kWrong);
}

TEST(Tolerance, HugeNumbersAreJudgedLikeOthers) {
  const Value huge = numbers(DataType::kFloat64, {3}, {1e200, 2e200, 3e200});
  EXPECT_EQ(verdict_on(reference_of({huge}), huge), Verdict::kOk);
  EXPECT_EQ(
      verdict_on(reference_of({huge}), numbers(DataType::kFloat64, {3}, {1e200, 2e200, 3.001e200})),
      Verdict::kWrong);
}

TEST(Tolerance, QuantisedModelsMayDifferBySteps) {
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

// The sensitivity was measured in f32, on the model that the other file is compared with.
TEST(Tolerance, AnotherFileInF16IsExpectedToDifferByTheGainOfF16) {
  const std::vector<double> values = normal_values(1000, 5);
  Reference reference = sensitive_reference(values, 7e-5);
  const Value right = floats(shaken(values, 2.3e-2, 1));
  EXPECT_EQ(verdict_on(reference, right), Verdict::kWrong);
  reference.model_class = ToleranceClass::kF16;
  const Verification verification = verify(reference, {right});
  EXPECT_EQ(verification.verdict, Verdict::kOk) << verification.reason;
  EXPECT_EQ(verification.tolerance->norm, 0.1);
  EXPECT_EQ(verdict_on(reference, floats(normal_values(1000, 6))), Verdict::kWrong);
  // Where the model amplifies little, f16 may not differ by much either.
  Reference steady = sensitive_reference(values, 1e-7);
  steady.model_class = ToleranceClass::kF16;
  EXPECT_EQ(verdict_on(steady, right), Verdict::kUnverified);
}

TEST(Tolerance, AnotherFileThatIsQuantisedIsJudgedByProbesOfAStep) {
  const std::vector<double> values = normal_values(1000, 5);
  const Value right = floats(shaken(values, 0.2, 3));
  ReferenceRuns runs;
  runs.unoptimised = {floats(values)};
  runs.probes = {{floats(shaken(values, 1e-7, 1))}};
  ReferenceRuns probed = runs;
  probed.coarse_probes[ToleranceClass::kQuantised] = {{floats(shaken(values, 0.2, 2))}};
  Reference with = make_reference(std::move(probed)), without = make_reference(std::move(runs));
  EXPECT_EQ(verdict_on(with, right), Verdict::kWrong);
  EXPECT_EQ(verdict_on(with, right, ToleranceClass::kBf16), Verdict::kUnverified);
  with.model_class = without.model_class = ToleranceClass::kQuantised;
  EXPECT_EQ(verdict_on(with, right), Verdict::kOk);
  EXPECT_EQ(verdict_on(without, right), Verdict::kWrong);
  EXPECT_EQ(verdict_on(with, floats(normal_values(1000, 6))), Verdict::kWrong);
}

// ONNX Runtime computes a model in f16 in f32, another engine in f16.
TEST(Tolerance, AModelInHalfPrecisionMayBeRoundedMoreThanTheReferenceShows) {
  const std::vector<double> values = normal_values(1000, 5);
  for (const auto model_class : {ToleranceClass::kF16, ToleranceClass::kBf16}) {
    const Reference reference = reference_of(
        {floats(values)}, {{floats(shaken(values, 1e-6, 1))}, {floats(shaken(values, 1e-6, 2))}},
        model_class);
    EXPECT_EQ(verdict_on(reference, floats(shaken(values, 1e-3, 3))), Verdict::kOk);
    const Verification found = verify(reference, {floats(shaken(values, 0.05, 3))});
    EXPECT_EQ(found.verdict, Verdict::kUnverified);
    EXPECT_NE(found.reason.find("is an estimate"), std::string::npos) << found.reason;
    EXPECT_EQ(verdict_on(reference, floats(shaken(values, 0.3, 3))), Verdict::kWrong);
    std::vector<double> one_wrong = shaken(values, 1e-3, 3);
    one_wrong[17] += 3;
    EXPECT_EQ(verdict_on(reference, floats(one_wrong)), Verdict::kWrong);
  }
}

TEST(Tolerance, PrecisionsHaveTheirClassAndUnknownOnesTheStrictest) {
  EXPECT_EQ(tolerance_class_of("f32"), ToleranceClass::kF32);
  EXPECT_EQ(tolerance_class_of("f16"), ToleranceClass::kF16);
  EXPECT_EQ(tolerance_class_of("bf16"), ToleranceClass::kBf16);
  EXPECT_EQ(tolerance_class_of("mixed"), ToleranceClass::kBf16);
  EXPECT_EQ(tolerance_class_of("tf32"), ToleranceClass::kF16);
}

}  // namespace
}  // namespace dnnbench
