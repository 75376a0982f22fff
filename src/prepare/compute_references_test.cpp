#include "prepare/compute_references.h"

#include <gtest/gtest.h>

namespace dnnbench {
namespace {

using Classes = std::set<ToleranceClass>;

TEST(ClassesJudgedBy, AreWhatIsAskedForOrTheModelsOwnWhereThatIsCoarser) {
  Model f32, f16;
  f16.weight_types = {DataType::kFloat32, DataType::kFloat16};
  EXPECT_EQ(classes_judged_by(f32, "f32"), Classes{ToleranceClass::kF32});
  EXPECT_EQ(classes_judged_by(f32, "bf16"), Classes{ToleranceClass::kBf16});
  EXPECT_EQ(classes_judged_by(f16, "f32"), Classes{ToleranceClass::kF16});
  EXPECT_EQ(classes_judged_by(f16, "bf16"), Classes{ToleranceClass::kBf16});
}

TEST(ClassesJudgedBy, OfDefaultPrecisionAreAllThatMayBeInForce) {
  EXPECT_EQ(classes_judged_by({}, "default"),
            (Classes{ToleranceClass::kF32, ToleranceClass::kF16, ToleranceClass::kBf16}));
}

TEST(MayOverflow, WhereAnX86ProcessorHasNoInstructionsForInt8) {
  Environment environment;
  environment.architecture = "x86_64";
  environment.isa = {"avx2"};
  Model model;
  model.operators = {{"", "Conv", 3}};
  EXPECT_FALSE(may_overflow(model, environment));
  model.operators.push_back({"com.microsoft", "DynamicQuantizeMatMul", 1});
  EXPECT_TRUE(may_overflow(model, environment));
  environment.isa.emplace_back("avx_vnni");
  EXPECT_FALSE(may_overflow(model, environment));
}

TEST(UnprobedOf, IsWhatRoundingMayFlip) {
  Model detector, thresholds, sorted_integers;
  detector.operators = {{"", "Cast", 1}, {"", "TopK", 1}};
  thresholds.operators = {{"", "Gather", 1}, {"", "Greater", 1}};
  thresholds.weight_types = {DataType::kFloat32};
  sorted_integers.operators = {{"", "TopK", 1}};
  sorted_integers.weight_types = {DataType::kInt64};
  EXPECT_EQ(unprobed_of(detector), Unprobed::kEveryKind);
  EXPECT_EQ(unprobed_of(thresholds), Unprobed::kDiscrete);
  EXPECT_EQ(unprobed_of(sorted_integers), Unprobed::kNothing);
}

}  // namespace
}  // namespace dnnbench
