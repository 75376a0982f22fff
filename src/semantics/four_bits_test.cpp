#include "semantics/four_bits.h"

#include <gtest/gtest.h>

namespace dnnbench::semantics {
namespace {

TEST(FourBits, KeepTheirNumbers) {
  const std::vector<double> signed_numbers{-8, 7, -1, 0, 3}, numbers{15, 0, 8, 7, 1};
  for (const auto& [type, wide, values] :
       {std::tuple{DataType::kInt4, DataType::kInt8, signed_numbers},
        std::tuple{DataType::kUint4, DataType::kUint8, numbers}}) {
    Tensor tensor = make_tensor(type, {5});
    from_doubles(values, tensor);
    const import::Constant constant = widened(import::make_constant(tensor));
    EXPECT_TRUE(is_four_bits(type));
    EXPECT_EQ(constant.type, wide);
    EXPECT_EQ(constant.doubles(), values);
  }
}

}  // namespace
}  // namespace dnnbench::semantics
