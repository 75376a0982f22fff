#include "case.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace dnnbench {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Value floats(const std::vector<double>& values, DataType type = DataType::kFloat32) {
  Tensor tensor = make_tensor(type, {static_cast<int64_t>(values.size())});
  from_doubles(values, tensor);
  return make_value("y", tensor);
}

bool differ(const Value& output, const Value& expected) {
  return !difference({output}, {expected}).empty();
}

TEST(Difference, AllowsAThousandthOfTheExpectedElement) {
  EXPECT_FALSE(differ(floats({1000.9, 0}), floats({1000, 0})));
  EXPECT_TRUE(differ(floats({1001.1, 0}), floats({1000, 0})));
  EXPECT_FALSE(differ(floats({1000, 0.9e-7}), floats({1000, 0})));
  EXPECT_TRUE(differ(floats({1000, 1.2e-7}), floats({1000, 0})));
}

TEST(Difference, WantsNanAndInfinityInTheSamePlaces) {
  EXPECT_FALSE(differ(floats({NAN, kInfinity}), floats({NAN, kInfinity})));
  EXPECT_TRUE(differ(floats({0}), floats({NAN})));
  EXPECT_TRUE(differ(floats({NAN}), floats({0})));
  EXPECT_TRUE(differ(floats({-kInfinity}), floats({kInfinity})));
  EXPECT_TRUE(differ(floats({3e38}), floats({kInfinity})));
}

TEST(Difference, WantsTheSameTypeShapeKindAndCount) {
  EXPECT_TRUE(differ(floats({1}, DataType::kFloat64), floats({1})));
  EXPECT_TRUE(differ(floats({1, 1}), floats({1})));
  EXPECT_TRUE(differ({"y", Value::Kind::kNone, {}}, floats({1})));
  EXPECT_FALSE(difference({}, {floats({1})}).empty());
}

TEST(Difference, SaysWhichAreOnlyRounding) {
  const std::string rounding = difference({floats({1000, 1e-4})}, {floats({1000, 0})});
  EXPECT_NE(rounding.find(kByLittle), std::string::npos);
  const std::string wrong = difference({floats({1000, 2})}, {floats({1000, 0})});
  EXPECT_EQ(wrong.find(kByLittle), std::string::npos);
}

TEST(Sample, IsTheSameForTheSameSeedAndInOrder) {
  std::vector<std::string> names;
  for (char c = 'a'; c <= 'z'; ++c) names.emplace_back(1, c);
  const auto some = sample(names, 10, 1);
  EXPECT_EQ(some.size(), 10u);
  EXPECT_TRUE(std::is_sorted(some.begin(), some.end()));
  EXPECT_EQ(some, sample(names, 10, 1));
  EXPECT_NE(some, sample(names, 10, 2));
  EXPECT_EQ(sample(names, 0, 1), names);
  EXPECT_EQ(sample(names, 99, 1), names);
}

}  // namespace
}  // namespace dnnbench
