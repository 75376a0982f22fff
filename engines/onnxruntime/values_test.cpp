#include "values.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace dnnbench::ort {
namespace {

Signature takes(DataType type, std::vector<int64_t> shape) {
  return {"x", kTypeTensor, type, std::move(shape)};
}

Value through_the_library(const Value& value, const Signature& input) {
  return from_ort("x", *to_ort(value, input));
}

class RoundTrip : public ::testing::TestWithParam<DataType> {};

TEST_P(RoundTrip, KeepsEveryBit) {
  Tensor tensor = make_tensor(GetParam(), {3, 5});
  for (size_t i = 0; i < tensor.bytes.size(); ++i) tensor.bytes[i] = static_cast<std::byte>(37 * i);
  const Value back = through_the_library(make_value("x", tensor), takes(GetParam(), {3, -1}));
  EXPECT_EQ(back.tensor().type, tensor.type);
  EXPECT_EQ(back.tensor().shape, tensor.shape);
  EXPECT_EQ(back.tensor().bytes, tensor.bytes);
}

INSTANTIATE_TEST_SUITE_P(
    Values, RoundTrip,
    ::testing::Values(DataType::kFloat32, DataType::kUint8, DataType::kInt8, DataType::kUint16,
                      DataType::kInt16, DataType::kInt32, DataType::kInt64, DataType::kBool,
                      DataType::kFloat16, DataType::kFloat64, DataType::kUint32, DataType::kUint64,
                      DataType::kBfloat16, DataType::kFloat8E4M3FN, DataType::kFloat8E4M3FNUZ,
                      DataType::kFloat8E5M2, DataType::kFloat8E5M2FNUZ, DataType::kUint4,
                      DataType::kInt4, DataType::kFloat4E2M1, DataType::kFloat8E8M0));

TEST(Values, KeepStringsAndSequences) {
  Value sequence{"x", Value::Kind::kSequence, {}};
  sequence.tensors.push_back(make_tensor(DataType::kString, {2}));
  sequence.tensors[0].strings = {"", "two"};
  sequence.tensors.push_back(make_tensor(DataType::kString, {0}));
  const Value back = through_the_library(sequence, {"x", kTypeSequence, {}, {}});
  ASSERT_EQ(back.kind, Value::Kind::kSequence);
  ASSERT_EQ(back.tensors.size(), 2u);
  EXPECT_EQ(back.tensors[0].strings, sequence.tensors[0].strings);
  EXPECT_EQ(back.tensors[1].shape, std::vector<int64_t>{0});
}

TEST(Values, OfAnotherTypeOrShapeAreRefused) {
  const Value value = make_value("x", make_tensor(DataType::kFloat32, {2, 3}));
  EXPECT_THROW(to_ort(value, takes(DataType::kInt64, {2, 3})), Error);
  EXPECT_THROW(to_ort(value, takes(DataType::kFloat32, {2, 4})), Error);
  EXPECT_THROW(to_ort(value, takes(DataType::kFloat32, {2})), Error);
  EXPECT_NO_THROW(to_ort(value, takes(DataType::kFloat32, {-1, 3})));
}

TEST(Values, ThatTheInterfaceLacksAreUnsupported) {
  EXPECT_THROW(to_ort({"x", Value::Kind::kNone, {}}, {"x", kTypeOptional, {}, {}}), Unsupported);
  EXPECT_THROW(to_ort({"x", Value::Kind::kSequence, {}}, {"x", kTypeSequence, {}, {}}),
               Unsupported);
}

}  // namespace
}  // namespace dnnbench::ort
