#include "semantics/normalization.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace dnnbench::semantics {
namespace {

using Axes = std::vector<int64_t>;

import::Node node_of(int64_t opset, const std::map<std::string, int64_t>& attributes = {},
                     size_t outputs = 1) {
  import::Node node;
  node.opset = opset;
  for (const auto& [name, value] : attributes) node.attributes[name].i = value;
  for (size_t i = 0; i < outputs; ++i) node.outputs.push_back("y" + std::to_string(i));
  return node;
}

TEST(BatchNormalization, HasTheSpecificationsDefaults) {
  const BatchNormalization read = read_batch_normalization(node_of(15));
  EXPECT_EQ(read.epsilon, 1e-5);
  EXPECT_EQ(read.momentum, 0.9);
  EXPECT_FALSE(read.training);
}

TEST(BatchNormalization, TrainsByTheAttributeFromOpset14On) {
  EXPECT_TRUE(read_batch_normalization(node_of(14, {{"training_mode", 1}}, 3)).training);
  EXPECT_FALSE(read_batch_normalization(node_of(14, {{"training_mode", 0}})).training);
}

// ONNX Runtime 1.31.1 normalises by the batch's own statistics where such a node has all outputs.
TEST(BatchNormalization, TrainsBeforeOpset14WhereItHasMoreOutputs) {
  EXPECT_FALSE(read_batch_normalization(node_of(9)).training);
  EXPECT_THROW(read_batch_normalization(node_of(9, {}, 5)), Unsupported);
  import::Node unwanted = node_of(9, {}, 5);
  for (size_t i = 1; i < 5; ++i) unwanted.outputs[i].clear();
  EXPECT_FALSE(read_batch_normalization(unwanted).training);
}

TEST(BatchNormalization, TrainsBeforeOpset7UnlessItIsATest) {
  EXPECT_THROW(read_batch_normalization(node_of(6)), Unsupported);
  EXPECT_FALSE(read_batch_normalization(node_of(6, {{"is_test", 1}})).training);
}

TEST(BatchNormalization, IsNotOfEachElement) {
  EXPECT_THROW(read_batch_normalization(node_of(7, {{"spatial", 0}})), Unsupported);
}

TEST(LayerNormalization, IsOverTheAxisAndAllThatFollow) {
  const auto axes = [](const import::Node& node, size_t rank) {
    return read_layer_normalization(node, DataType::kFloat32, rank).axes;
  };
  EXPECT_EQ(axes(node_of(17), 3), (Axes{2}));
  EXPECT_EQ(axes(node_of(17, {{"axis", 1}}), 4), (Axes{1, 2, 3}));
  EXPECT_EQ(axes(node_of(17, {{"axis", -2}}), 4), (Axes{2, 3}));
  EXPECT_THROW(axes(node_of(17, {{"axis", 3}}), 3), Unsupported);
}

// ONNX Runtime 1.31.1 computes f64 in f64 and returns the statistics in the stash type, f32.
TEST(LayerNormalization, IsComputedInTheWiderOfStashTypeAndInput) {
  const auto read = [](DataType input, int64_t stash) {
    return read_layer_normalization(node_of(17, {{"stash_type", stash}}), input, 2);
  };
  EXPECT_EQ(read(DataType::kFloat16, 1).computed, DataType::kFloat32);
  EXPECT_EQ(read(DataType::kFloat64, 1).computed, DataType::kFloat64);
  EXPECT_EQ(read(DataType::kFloat64, 1).statistics, DataType::kFloat32);
  EXPECT_EQ(read(DataType::kFloat32, 11).computed, DataType::kFloat64);
  EXPECT_EQ(read(DataType::kFloat16, 16).computed, DataType::kBfloat16);
  EXPECT_THROW(read(DataType::kFloat32, 7), Unsupported);
}

TEST(GroupNormalization, HasParametersPerChannelFromOpset21On) {
  EXPECT_TRUE(has_parameters_per_group(node_of(18)));
  EXPECT_FALSE(has_parameters_per_group(node_of(21)));
}

}  // namespace
}  // namespace dnnbench::semantics
