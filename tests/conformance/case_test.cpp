#include "case.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "onnx/model.h"
#include "onnx/test_model.h"

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

TEST(Difference, FollowsTheToleranceAsked) {
  const std::vector<Value> expected{floats({1000, 0})};
  EXPECT_EQ(difference({floats({1000.009, 0})}, expected, 1e-5), "");
  EXPECT_NE(difference({floats({1000.011, 0})}, expected, 1e-5), "");
  const std::string rounding = difference({floats({1000, 9e-3})}, expected, 1e-5);
  EXPECT_NE(rounding.find(kByLittle), std::string::npos);
  const std::string wrong = difference({floats({1000, 11e-3})}, expected, 1e-5);
  EXPECT_EQ(wrong.find(kByLittle), std::string::npos);
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

void write_data(const std::string& path, const onnx::TensorProto& tensor) {
  testing::write_file(path, tensor.SerializeAsString());
}

// An Add of the first and the last of these inputs.
std::string write_add(const std::string& root, const std::vector<std::string>& inputs) {
  onnx::ModelProto model = testing::empty_model();
  for (const std::string& name : inputs) {
    testing::add_input(model, name, onnx::TensorProto::FLOAT, {"2"});
    write_data(fmt::format("{}/test_add/test_data_set_0/input_{}.pb", root, &name - &inputs[0]),
               testing::float_tensor(name, {2}));
  }
  testing::add_output(model, "y", onnx::TensorProto::FLOAT, {"2"});
  testing::add_node(model, "Add", {inputs.front(), inputs.back()}, {"y"});
  write_data(root + "/test_add/test_data_set_0/output_0.pb", testing::float_tensor("y", {2}));
  testing::write_file(root + "/test_add/model.onnx", model.SerializeAsString());
  return root;
}

TEST(WithConstants, MakesInitializersOfAllInputsButTheFirst) {
  const TemporaryFolder folder;
  const ConformanceCase test = read_case(write_add(folder.path(), {"a", "b"}), "test_add");
  const auto changed = with_constants(test, folder.path() + "/work");
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->name, "test_add:constants");
  EXPECT_EQ(changed->op, "Add");
  ASSERT_EQ(changed->data_sets.size(), 1u);
  ASSERT_EQ(changed->data_sets[0].inputs.size(), 1u);
  EXPECT_EQ(changed->data_sets[0].inputs[0].name, "a");
  EXPECT_EQ(changed->data_sets[0].outputs.size(), 1u);
  const Model model = read_model(changed->data_sets[0].model_path);
  ASSERT_EQ(model.inputs.size(), 1u);
  EXPECT_EQ(model.inputs[0].name, "a");
  EXPECT_EQ(model.weight_elements, 2);
}

TEST(WithConstants, LeavesATestOfOneInputAlone) {
  const TemporaryFolder folder;
  const ConformanceCase test = read_case(write_add(folder.path(), {"a"}), "test_add");
  EXPECT_FALSE(with_constants(test, folder.path() + "/work"));
}

}  // namespace
}  // namespace dnnbench
