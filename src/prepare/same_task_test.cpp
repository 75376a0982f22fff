#include "prepare/same_task.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace dnnbench {
namespace {

ModelValue value(const std::string& name, std::vector<Dimension> dimensions,
                 DataType type = DataType::kFloat32) {
  ModelValue value;
  value.name = name;
  value.type = type;
  value.dimensions = std::move(dimensions);
  return value;
}

Model model(std::vector<ModelValue> inputs, std::vector<ModelValue> outputs) {
  Model model;
  model.path = "m.onnx";
  model.inputs = std::move(inputs);
  model.outputs = std::move(outputs);
  return model;
}

const Dimension kOpen{std::nullopt, "batch"}, kOne{1, ""}, kThree{3, ""};

std::string complaint(const Model& first, const Model& other) {
  try {
    require_same_task(first, other);
    return "";
  } catch (const UsageError& error) {
    return error.what();
  }
}

TEST(SameTask, SizesThatOneLeavesOpenAgree) {
  const Model open = model({value("x", {kOpen, kThree})}, {value("y", {kOpen})});
  const Model fixed = model({value("x", {kOne, kThree})}, {value("y", {kOne})});
  EXPECT_EQ(complaint(open, fixed), "");
  EXPECT_EQ(complaint(fixed, open), "");
}

TEST(SameTask, WhatDiffersIsNamed) {
  const Model first = model({value("x", {kOne})}, {value("y", {kOne})});
  EXPECT_NE(complaint(first, model({value("z", {kOne})}, first.outputs)).find("input 1"),
            std::string::npos);
  EXPECT_NE(complaint(first, model({value("x", {kThree})}, first.outputs)).find("input 1"),
            std::string::npos);
  EXPECT_NE(complaint(first, model(first.inputs, {value("y", {kOne}, DataType::kInt64)}))
                .find("output 1 of the first is \"y\", float32[1], of the second \"y\", int64[1]"),
            std::string::npos);
  EXPECT_NE(complaint(first, model(first.inputs, {})).find("the first has 1 outputs, the second 0"),
            std::string::npos);
}

TEST(SameTask, AFixedSizeMustBeTheOneThatRuns) {
  const Model fixed = model({value("x", {kThree, kOne})}, {});
  EXPECT_NO_THROW(require_shapes(fixed, {{"x", {3, 1}}}));
  EXPECT_THROW(require_shapes(fixed, {{"x", {1, 1}}}), UsageError);
}

}  // namespace
}  // namespace dnnbench
