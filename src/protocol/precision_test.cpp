#include "protocol/precision.h"

#include <gtest/gtest.h>

namespace dnnbench {
namespace {

constexpr DataType kF16 = DataType::kFloat16, kBf16 = DataType::kBfloat16;
constexpr DataType kF32 = DataType::kFloat32, kF64 = DataType::kFloat64;

TEST(PrecisionOf, IsTheOneTypeOrMixed) {
  EXPECT_EQ(precision_of({kF16}), "f16");
  EXPECT_EQ(precision_of({kBf16, DataType::kInt64}), "bf16");
  EXPECT_EQ(precision_of({kF32}), "f32");
  EXPECT_EQ(precision_of({kF32, kF16}), "mixed");
  EXPECT_EQ(precision_of({kBf16, kF16}), "mixed");
  EXPECT_EQ(precision_of({DataType::kInt8}), "f32");
  EXPECT_EQ(precision_of({}), "f32");
}

TEST(PrecisionOf, DoublesCountWhereThereIsNoOtherType) {
  EXPECT_EQ(precision_of({kF64}), "f64");
  EXPECT_EQ(precision_of({kF64, kF32}), "f32");
  EXPECT_EQ(precision_of({kF64, kF16}), "f16");
  EXPECT_EQ(precision_of({kF64, kF32, kBf16}), "mixed");
}

TEST(CoarsestInForce, OfAMixtureIsTheTypeThatTheEngineNames) {
  EXPECT_EQ(coarsest_of({kF32, kF16}), "f16");
  EXPECT_EQ(coarsest_of({kBf16, kF16}), "bf16");
  EXPECT_EQ(coarsest_of({kF64}), "f32");
  EXPECT_EQ(coarsest_in_force({"mixed", 1, {}, {{kCoarsestType, "f16"}}}), "f16");
  EXPECT_EQ(coarsest_in_force({"mixed", 1, {}, {}}), "mixed");
  EXPECT_EQ(coarsest_in_force({"tf32", 1, {}, {{kCoarsestType, "f16"}}}), "tf32");
}

}  // namespace
}  // namespace dnnbench
