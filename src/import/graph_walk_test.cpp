#include "import/graph_walk.h"

#include <gtest/gtest.h>

namespace dnnbench::import {
namespace {

Node constant_with(const std::string& name, Attribute value) {
  Node node;
  node.op = "Constant";
  node.outputs = {"c"};
  node.attributes[name] = std::move(value);
  return node;
}

TEST(ConstantValue, IsReadFromWhicheverAttributeHoldsIt) {
  Attribute value;
  value.f = 1.5;
  value.floats = {1, 2.5};
  value.i = 3;
  value.ints = {4, 5, 6};
  value.s = "a";
  value.strings = {"b", "c"};
  value.tensor = make_constant(make_tensor(DataType::kInt8, {2, 3}));
  const auto read = [&](const char* name) { return constant_value(constant_with(name, value)); };
  EXPECT_EQ(read("value")->shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(read("value_float")->doubles(), (std::vector<double>{1.5}));
  EXPECT_TRUE(read("value_float")->shape.empty());
  EXPECT_EQ(read("value_float")->type, DataType::kFloat32);
  EXPECT_EQ(read("value_floats")->doubles(), (std::vector<double>{1, 2.5}));
  EXPECT_EQ(read("value_int")->integers(), (std::vector<int64_t>{3}));
  EXPECT_EQ(read("value_ints")->integers(), (std::vector<int64_t>{4, 5, 6}));
  EXPECT_EQ(read("value_ints")->shape, (std::vector<int64_t>{3}));
  EXPECT_EQ(read("value_string")->strings, (std::vector<std::string>{"a"}));
  EXPECT_EQ(read("value_strings")->shape, (std::vector<int64_t>{2}));
  EXPECT_FALSE(read("sparse_value").has_value());
}

}  // namespace
}  // namespace dnnbench::import
