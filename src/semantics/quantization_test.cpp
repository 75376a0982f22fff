#include "semantics/quantization.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace dnnbench::semantics {
namespace {

using Granularity = Quantization::Granularity;
using Shape = std::vector<int64_t>;

import::Node quantize(const std::map<std::string, int64_t>& attributes = {}) {
  import::Node node;
  node.op = "QuantizeLinear";
  node.opset = 21;
  for (const auto& [name, value] : attributes) node.attributes[name].i = value;
  return node;
}

void expect_range(DataType type, double min, double max) {
  EXPECT_EQ(quantized_range(type).min, min);
  EXPECT_EQ(quantized_range(type).max, max);
}

TEST(Quantization, SaturatesToTheRangeOfTheType) {
  expect_range(DataType::kUint8, 0, 255);
  expect_range(DataType::kInt8, -128, 127);
  expect_range(DataType::kUint16, 0, 65535);
  expect_range(DataType::kInt16, -32768, 32767);
  expect_range(DataType::kUint4, 0, 15);
  expect_range(DataType::kInt4, -8, 7);
  EXPECT_THROW(quantized_range(DataType::kInt32), Unsupported);
  EXPECT_THROW(quantized_range(DataType::kFloat8E4M3FN), Unsupported);
}

void expect(const Quantization& read, Granularity granularity, int64_t axis, int64_t block_size) {
  EXPECT_EQ(read.granularity, granularity);
  EXPECT_EQ(read.axis, axis);
  EXPECT_EQ(read.block_size, block_size);
}

TEST(Quantization, IsOfATensorAnAxisOrBlocksByTheScale) {
  expect(read_quantization(quantize(), 3, {}), Granularity::kTensor, 0, 0);
  expect(read_quantization(quantize(), 1, {1}), Granularity::kTensor, 0, 0);
  expect(read_quantization(quantize(), {}, {1}), Granularity::kTensor, 0, 0);
  expect(read_quantization(quantize(), 3, {4}), Granularity::kAxis, 1, 0);
  expect(read_quantization(quantize({{"axis", -1}}), 3, {-1}), Granularity::kAxis, 2, 0);
  expect(read_quantization(quantize({{"axis", -2}, {"block_size", 16}}), 3, {2, 4, 5}),
         Granularity::kBlocks, 1, 16);
  expect(read_quantization(quantize({{"axis", 0}, {"block_size", 4}}), 1, {1}),
         Granularity::kBlocks, 0, 4);
}

TEST(Quantization, RefusesScalesThatDoNotFit) {
  EXPECT_THROW(read_quantization(quantize(), 1, {4}), Unsupported);  // no axis 1
  EXPECT_THROW(read_quantization(quantize(), 2, {3, 4}), Unsupported);
  EXPECT_THROW(read_quantization(quantize({{"block_size", 2}}), 2, {3}), Unsupported);
  EXPECT_THROW(read_quantization(quantize(), {}, {4}), Unsupported);
}

TEST(Quantization, ReturnsTheZeroPointsTypeOrTheNamedOne) {
  EXPECT_EQ(quantized_type(quantize(), {}), DataType::kUint8);
  EXPECT_EQ(quantized_type(quantize({{"output_dtype", 5}}), {}), DataType::kInt16);
  EXPECT_EQ(quantized_type(quantize(), DataType::kInt8), DataType::kInt8);
  EXPECT_EQ(dequantized_type(quantize(), DataType::kFloat16), DataType::kFloat16);
  EXPECT_EQ(dequantized_type(quantize({{"output_dtype", 1}}), DataType::kFloat16),
            DataType::kFloat32);
}

TEST(Quantization, DividesInSinglePrecisionUnlessAnotherIsNamed) {
  EXPECT_EQ(division_type(quantize()), DataType::kFloat32);
  EXPECT_EQ(division_type(quantize({{"precision", 10}})), DataType::kFloat16);
}

TEST(Quantization, BroadcastsParametersOfRowsAndColumns) {
  EXPECT_EQ(broadcast_shape({}, 2, -1), Shape{});
  EXPECT_EQ(broadcast_shape({1}, 2, -2), Shape{});
  EXPECT_EQ(broadcast_shape({5}, 2, -1), (Shape{1, -1}));
  EXPECT_EQ(broadcast_shape({5}, 3, -2), (Shape{1, -1, 1}));
  EXPECT_EQ(broadcast_shape({5}, 4, 1), (Shape{1, -1, 1, 1}));
  EXPECT_EQ(broadcast_shape({1}, 1, -2), Shape{});  // a vector has no rows
  EXPECT_FALSE(broadcast_shape({3, 1}, 2, -2));
}

}  // namespace
}  // namespace dnnbench::semantics
