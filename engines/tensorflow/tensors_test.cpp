#include "tensors.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace dnnbench::tf {
namespace {

TEST(Tensors, ComeBackAsTheyWent) {
  for (const DataType type :
       {DataType::kFloat32, DataType::kInt8, DataType::kUint16, DataType::kInt64, DataType::kBool,
        DataType::kFloat16, DataType::kBfloat16, DataType::kFloat64, DataType::kComplex64}) {
    Tensor tensor = make_tensor(type, {2, 3});
    for (size_t i = 0; i < tensor.bytes.size(); ++i)
      tensor.bytes[i] = static_cast<std::byte>(i % 2);
    const Tensor back = from_tensorflow(*to_tensorflow(tensor));
    EXPECT_EQ(back.type, type);
    EXPECT_EQ(back.shape, tensor.shape);
    EXPECT_EQ(back.bytes, tensor.bytes);
  }
}

TEST(Tensors, CarryStrings) {
  Tensor tensor = make_tensor(DataType::kString, {2});
  tensor.strings = {"", "longer than what fits into a small string's own memory"};
  EXPECT_EQ(from_tensorflow(*to_tensorflow(tensor)).strings, tensor.strings);
}

TEST(Tensors, MayBeEmptyOrScalar) {
  const Tensor empty = make_tensor(DataType::kFloat32, {0, 3});
  EXPECT_EQ(from_tensorflow(*to_tensorflow(empty)).shape, empty.shape);
  const Tensor scalar = make_tensor(DataType::kInt32, {});
  EXPECT_EQ(from_tensorflow(*to_tensorflow(scalar)).bytes.size(), 4);
}

TEST(Tensors, OfTypesWithoutArithmeticAreUnsupported) {
  EXPECT_THROW(to_tensorflow(DataType::kFloat8E4M3FN), Unsupported);
  EXPECT_THROW(to_tensorflow(DataType::kInt4), Unsupported);
}

}  // namespace
}  // namespace dnnbench::tf
