#include "core/tensor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/error.h"

namespace dnnbench {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

const DataType kNumericTypes[] = {
    DataType::kFloat32,        DataType::kUint8,          DataType::kInt8,
    DataType::kUint16,         DataType::kInt16,          DataType::kInt32,
    DataType::kInt64,          DataType::kBool,           DataType::kFloat16,
    DataType::kFloat64,        DataType::kUint32,         DataType::kUint64,
    DataType::kComplex64,      DataType::kComplex128,     DataType::kBfloat16,
    DataType::kFloat8E4M3FN,   DataType::kFloat8E4M3FNUZ, DataType::kFloat8E5M2,
    DataType::kFloat8E5M2FNUZ, DataType::kUint4,          DataType::kInt4,
    DataType::kFloat4E2M1,     DataType::kFloat8E8M0,
};

Tensor vector_of(DataType type, const std::vector<double>& values) {
  Tensor tensor = make_tensor(type, {static_cast<int64_t>(values.size())});
  from_doubles(values, tensor);
  return tensor;
}

double stored(DataType type, double value) { return to_doubles(vector_of(type, {value}))[0]; }

TEST(TensorTest, CountsElements) {
  EXPECT_EQ(element_count(std::vector<int64_t>{}), 1);
  EXPECT_EQ(element_count(std::vector<int64_t>{2, 3}), 6);
  EXPECT_EQ(element_count(std::vector<int64_t>{2, 0, 3}), 0);
  EXPECT_THROW(element_count(std::vector<int64_t>{2, -1}), Error);
  EXPECT_THROW(element_count(std::vector<int64_t>{1LL << 40, 1LL << 40}), Error);
}

TEST(TensorTest, FourBitTypesTakeHalfAByte) {
  EXPECT_EQ(byte_size(DataType::kInt4, 3), 2u);
  EXPECT_EQ(byte_size(DataType::kFloat4E2M1, 4), 2u);
  EXPECT_EQ(byte_size(DataType::kComplex128, 2), 32u);
  EXPECT_EQ(byte_size(DataType::kString, 7), 0u);
  EXPECT_THROW(byte_size(DataType::kComplex128, int64_t{1} << 60), Error);
}

TEST(TensorTest, FourBitTypesPackTheFirstElementLow) {
  const Tensor tensor = vector_of(DataType::kInt4, {-8, 7, -1});
  ASSERT_EQ(tensor.bytes.size(), 2u);
  EXPECT_EQ(tensor.bytes[0], std::byte{0x78});
  EXPECT_EQ(tensor.bytes[1], std::byte{0x0f});
  EXPECT_EQ(to_doubles(tensor), (std::vector<double>{-8, 7, -1}));
}

TEST(TensorTest, EverySmallIntegerSurvivesEveryType) {
  for (const DataType type : kNumericTypes) {
    if (type == DataType::kFloat8E8M0) continue;  // has no zero
    const std::vector<double> zero_and_one =
        type == DataType::kComplex64 || type == DataType::kComplex128
            ? std::vector<double>{0, 1, 1, 0}
            : std::vector<double>{0, 1};
    Tensor tensor = make_tensor(type, {2});
    from_doubles(zero_and_one, tensor);
    EXPECT_EQ(to_doubles(tensor), zero_and_one) << to_string(type);
  }
}

// Every code of the narrow types decodes to a value that encodes to the same code.
TEST(TensorTest, NarrowFloatCodesSurviveARoundTrip) {
  const DataType types[] = {DataType::kFloat16,      DataType::kBfloat16,
                            DataType::kFloat8E4M3FN, DataType::kFloat8E4M3FNUZ,
                            DataType::kFloat8E5M2,   DataType::kFloat8E5M2FNUZ,
                            DataType::kFloat8E8M0};
  for (const DataType type : types) {
    const int codes = 1 << bit_width(type);
    Tensor all = make_tensor(type, {codes});
    for (int code = 0; code < codes; ++code) {
      if (bit_width(type) == 8) {
        all.as<uint8_t>()[code] = static_cast<uint8_t>(code);
      } else {
        all.as<uint16_t>()[code] = static_cast<uint16_t>(code);
      }
    }
    const std::vector<double> values = to_doubles(all);
    Tensor again = make_tensor(type, {codes});
    from_doubles(values, again);
    const size_t bytes = bit_width(type) / 8;
    for (int code = 0; code < codes; ++code) {
      if (std::isnan(values[code])) continue;
      for (size_t byte = 0; byte < bytes; ++byte) {
        ASSERT_EQ(again.bytes[code * bytes + byte], all.bytes[code * bytes + byte])
            << to_string(type) << " code " << code;
      }
    }
  }
}

// Values from https://onnx.ai/onnx/technical/float8.html and float4.html.
TEST(TensorTest, NarrowFloatsHaveThePublishedLimits) {
  EXPECT_EQ(stored(DataType::kFloat16, 1e9), 65504);
  EXPECT_EQ(stored(DataType::kFloat8E4M3FN, 1e9), 448);
  EXPECT_EQ(stored(DataType::kFloat8E4M3FNUZ, 1e9), 240);
  EXPECT_EQ(stored(DataType::kFloat8E5M2, -1e9), -57344);
  EXPECT_EQ(stored(DataType::kFloat8E5M2FNUZ, 1e9), 57344);
  EXPECT_EQ(stored(DataType::kFloat4E2M1, 100), 6);
  EXPECT_EQ(stored(DataType::kFloat8E8M0, 1e300), std::ldexp(1.0, 127));
  EXPECT_EQ(stored(DataType::kFloat8E4M3FN, std::ldexp(1.0, -9)), std::ldexp(1.0, -9));
  EXPECT_EQ(stored(DataType::kFloat16, std::ldexp(1.0, -24)), std::ldexp(1.0, -24));
}

TEST(TensorTest, RoundsToNearestEven) {
  EXPECT_EQ(stored(DataType::kFloat16, 2049), 2048);
  EXPECT_EQ(stored(DataType::kFloat16, 2051), 2052);
  EXPECT_EQ(stored(DataType::kFloat16, 65519), 65504);
  EXPECT_EQ(stored(DataType::kInt8, 2.5), 2);
  EXPECT_EQ(stored(DataType::kInt4, 3.5), 4);
  EXPECT_EQ(stored(DataType::kFloat4E2M1, 2.5), 2);
  EXPECT_EQ(stored(DataType::kFloat4E2M1, 5.0), 4);
}

TEST(TensorTest, IntegersSaturate) {
  EXPECT_EQ(stored(DataType::kUint8, 300), 255);
  EXPECT_EQ(stored(DataType::kUint8, -3), 0);
  EXPECT_EQ(stored(DataType::kInt8, -1e30), -128);
  EXPECT_EQ(vector_of(DataType::kInt64, {1e30}).as<int64_t>()[0],
            std::numeric_limits<int64_t>::max());
  EXPECT_EQ(vector_of(DataType::kUint64, {1e30}).as<uint64_t>()[0],
            std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(stored(DataType::kInt32, kNan), 0);
}

TEST(TensorTest, InfinityAndNanStayWhereTheTypeHasThem) {
  EXPECT_EQ(stored(DataType::kFloat32, kInfinity), kInfinity);
  EXPECT_EQ(stored(DataType::kFloat16, -kInfinity), -kInfinity);
  EXPECT_EQ(stored(DataType::kFloat8E5M2, kInfinity), kInfinity);
  EXPECT_EQ(stored(DataType::kFloat8E4M3FN, kInfinity), 448);
  EXPECT_EQ(stored(DataType::kFloat32, 1e300), std::numeric_limits<float>::max());
  for (const DataType type : kNumericTypes) {
    if (is_floating_point(type) && bit_width(type) >= 8 && bit_width(type) <= 32) {
      EXPECT_TRUE(std::isnan(stored(type, kNan))) << to_string(type);
    }
  }
}

TEST(TensorTest, WhatIsNotANumberIsAnError) {
  EXPECT_THROW(to_doubles(make_tensor(DataType::kString, {2})), Error);
  Tensor cut_short = make_tensor(DataType::kFloat32, {2});
  cut_short.bytes.pop_back();
  EXPECT_THROW(to_doubles(cut_short), Error);
}

TEST(TensorTest, DescribesItself) {
  EXPECT_EQ(describe(DataType::kFloat32, std::vector<int64_t>{1, 3, 224, 224}),
            "float32[1,3,224,224]");
  EXPECT_EQ(describe(DataType::kInt64, std::vector<int64_t>{}), "int64[]");
  EXPECT_EQ(to_string(static_cast<DataType>(99)), "undefined");
  EXPECT_EQ(to_string(static_cast<DataType>(-1)), "undefined");
}

TEST(TensorTest, EveryTypeIsOneKindOfNumber) {
  for (const DataType type : kNumericTypes) {
    EXPECT_EQ(is_integer(type) + is_floating_point(type) + (type == DataType::kBool), 1)
        << to_string(type);
  }
}

TEST(Tensor, ElementsHaveTheSizeOfTheirType) {
  EXPECT_TRUE(is_element_size(DataType::kFloat16, 2));
  EXPECT_FALSE(is_element_size(DataType::kFloat16, 4));
  EXPECT_TRUE(is_element_size(DataType::kBool, 1));
  EXPECT_TRUE(is_element_size(DataType::kComplex64, 4));
  EXPECT_FALSE(is_element_size(DataType::kInt4, 1));
  EXPECT_FALSE(is_element_size(DataType::kString, 1));
}

}  // namespace
}  // namespace dnnbench
