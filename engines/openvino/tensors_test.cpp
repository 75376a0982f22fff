#include "tensors.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace dnnbench {
namespace {

class RoundTrip : public ::testing::TestWithParam<DataType> {};

TEST_P(RoundTrip, KeepsEveryBit) {
  Tensor tensor = make_tensor(GetParam(), {3, 5});
  for (size_t i = 0; i < tensor.bytes.size(); ++i) tensor.bytes[i] = static_cast<std::byte>(37 * i);
  const Tensor back = from_openvino(to_openvino(tensor));
  EXPECT_EQ(back.type, tensor.type);
  EXPECT_EQ(back.shape, tensor.shape);
  EXPECT_EQ(back.bytes, tensor.bytes);
}

INSTANTIATE_TEST_SUITE_P(Tensors, RoundTrip,
                         ::testing::Values(DataType::kFloat32, DataType::kUint8, DataType::kInt8,
                                           DataType::kUint16, DataType::kInt16, DataType::kInt32,
                                           DataType::kInt64, DataType::kBool, DataType::kFloat16,
                                           DataType::kFloat64, DataType::kUint32, DataType::kUint64,
                                           DataType::kBfloat16, DataType::kFloat8E4M3FN,
                                           DataType::kFloat8E5M2, DataType::kUint4, DataType::kInt4,
                                           DataType::kFloat4E2M1, DataType::kFloat8E8M0));

TEST(Tensors, KeepStrings) {
  Tensor tensor = make_tensor(DataType::kString, {2});
  tensor.strings = {"", "a string that is longer than what fits into a small one"};
  EXPECT_EQ(from_openvino(to_openvino(tensor)).strings, tensor.strings);
}

TEST(Tensors, KeepEmptyAndScalarShapes) {
  EXPECT_EQ(from_openvino(to_openvino(make_tensor(DataType::kFloat32, {}))).shape,
            std::vector<int64_t>{});
  EXPECT_EQ(from_openvino(to_openvino(make_tensor(DataType::kInt64, {0, 4}))).shape,
            (std::vector<int64_t>{0, 4}));
}

TEST(Tensors, OfTypesThatOpenVinoLacksAreUnsupported) {
  EXPECT_THROW(to_openvino(make_tensor(DataType::kComplex64, {1})), Unsupported);
  EXPECT_THROW(to_openvino(make_tensor(DataType::kFloat8E4M3FNUZ, {1})), Unsupported);
}

}  // namespace
}  // namespace dnnbench
