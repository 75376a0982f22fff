#include "quantise/static_int8.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <limits>

#include "onnx/test_model.h"
#include "quantise/dynamic_int8.h"
#include "quantise/quantised_weights.h"
#include "quantise/upgrade.h"

namespace dnnbench::quantise {
namespace {

using onnx::TensorProto;

void add_type(onnx::ModelProto& model, const std::string& name,
              const std::vector<std::string>& dimensions) {
  auto* value = model.mutable_graph()->add_value_info();
  value->set_name(name);
  dnnbench::testing::set_tensor_type(*value->mutable_type(), TensorProto::FLOAT, dimensions);
}

// x -> Conv -> Relu -> Conv -> Softmax -> Gemm -> y
onnx::ModelProto small_net(int64_t opset) {
  using namespace dnnbench::testing;
  onnx::ModelProto model = empty_model(opset);
  add_input(model, "x", TensorProto::FLOAT, {"1", "2", "4", "4"});
  add_output(model, "y", TensorProto::FLOAT, {"1", "3"});
  add_initializer(model, float_tensor("w1", {2, 2, 1, 1}));
  add_initializer(model, float_tensor("w2", {2, 2, 4, 4}));
  add_initializer(model, float_tensor("w3", {2, 3}));
  add_node(model, "Conv", {"x", "w1"}, {"c1"});
  add_node(model, "Relu", {"c1"}, {"r1"});
  add_node(model, "Conv", {"r1", "w2"}, {"c2"});
  add_node(model, "Flatten", {"c2"}, {"f"});
  add_node(model, "Softmax", {"f"}, {"s"});
  add_node(model, "Gemm", {"s", "w3"}, {"y"});
  for (const char* name : {"c1", "r1"}) add_type(model, name, {"1", "2", "4", "4"});
  add_type(model, "c2", {"1", "2", "1", "1"});
  for (const char* name : {"f", "s"}) add_type(model, name, {"1", "2"});
  return model;
}

class SmallNet : public ::testing::Test {
 protected:
  EditableModel open(int64_t opset = 13) {
    const std::string path =
        dnnbench::testing::write_model(small_net(opset), folder_.path() + "/net.onnx");
    return open_model(path, path);
  }

  EditableModel read_back(const EditableModel& model) {
    const std::string path = folder_.path() + "/written.onnx";
    write_model(model, path);
    return open_model(path, path);
  }

  static int count(const EditableModel& model, const std::string& op) {
    int count = 0;
    for (const EditableNode& node : model.nodes) count += node.node.op == op ? 1 : 0;
    return count;
  }

  dnnbench::TemporaryFolder folder_;
};

TEST(AffineOf, KeepsZeroExactAndSpansTheRange) {
  const Affine affine = affine_of({-1, 3});
  EXPECT_NEAR(affine.scale, 4.0 / 255, 1e-8);
  EXPECT_EQ(affine.zero_point, 64);
  EXPECT_EQ(affine_of({0, 6}).zero_point, 0);
  EXPECT_EQ(affine_of({2, 6}).zero_point, 0);  // 0 is part of the range all the same
  EXPECT_EQ(affine_of({-6, -2}).zero_point, 255);
}

TEST(QuantiseWeights, HasAScalePerChannel) {
  const import::Constant weights = import::make_constant(f32_tensor({2, 2}, {1, -2, 100, 50}));
  const QuantisedWeights by_rows = quantise_weights(weights, 0, 127);
  EXPECT_NEAR(by_rows.scale[0], 2.0 / 127, 1e-8);
  EXPECT_NEAR(by_rows.scale[1], 100.0 / 127, 1e-6);
  EXPECT_EQ(by_rows.values.as<int8_t>()[0], 64);
  EXPECT_EQ(by_rows.values.as<int8_t>()[1], -127);
  EXPECT_EQ(by_rows.values.as<int8_t>()[2], 127);
  const QuantisedWeights by_columns = quantise_weights(weights, 1, 127);
  EXPECT_EQ(by_columns.values.as<int8_t>()[0], 1);
  EXPECT_EQ(by_columns.values.as<int8_t>()[3], 127);
  EXPECT_EQ(quantise_weights(weights, 0, 127, {1, 0}).values.as<int8_t>()[1], -2);
}

TEST(QuantiseWeights, FitWhatTheProcessorAddsWithoutOverflow) {
  const auto on = [](const char* architecture, const char* extension) {
    Environment environment;
    environment.architecture = architecture;
    environment.isa = {extension};
    return largest_weight(environment);
  };
  EXPECT_EQ(on("x86_64", "avx_vnni"), 127);
  EXPECT_EQ(on("x86_64", "avx512f"), 64);
  EXPECT_EQ(on("aarch64", "asimd"), 127);
  const import::Constant weights = import::make_constant(f32_tensor({1, 2}, {1, -2}));
  const QuantisedWeights small = quantise_weights(weights, 0, 64);
  EXPECT_NEAR(small.scale[0], 2.0 / 64, 1e-8);
  EXPECT_EQ(small.values.as<int8_t>()[0], 32);
  EXPECT_EQ(small.values.as<int8_t>()[1], -64);
}

TEST_F(SmallNet, AbsorbsReluAndLeavesSoftmaxInF32) {
  const EditableModel model = open();
  const Plan plan = make_plan(model);
  EXPECT_EQ(plan.products, (std::set<size_t>{0, 2, 5}));
  EXPECT_EQ(plan.values, (std::set<std::string>{"x", "r1", "c2", "f", "s"}));
  EXPECT_EQ(plan.same_range.at("f"), "c2");
}

// x -> Conv -> Relu -> Split, whose first half goes through a Conv and is added to the second
onnx::ModelProto split_net() {
  using namespace dnnbench::testing;
  onnx::ModelProto model = empty_model(13);
  add_input(model, "x", TensorProto::FLOAT, {"1", "2", "4", "4"});
  add_output(model, "y", TensorProto::FLOAT, {"1", "2", "4", "4"});
  add_initializer(model, float_tensor("w1", {4, 2, 1, 1}));
  add_initializer(model, float_tensor("w2", {2, 2, 1, 1}));
  add_node(model, "Conv", {"x", "w1"}, {"c1"});
  add_node(model, "Relu", {"c1"}, {"r1"});
  set_int(add_node(model, "Split", {"r1"}, {"a", "b"}), "axis", 1);
  add_node(model, "Conv", {"a", "w2"}, {"c2"});
  add_node(model, "Add", {"b", "c2"}, {"y"});
  for (const char* name : {"c1", "r1"}) add_type(model, name, {"1", "4", "4", "4"});
  for (const char* name : {"a", "b", "c2"}) add_type(model, name, {"1", "2", "4", "4"});
  return model;
}

TEST_F(SmallNet, AProductsInputHasTheScaleOfWhatItIsAPartOf) {
  const std::string path =
      dnnbench::testing::write_model(split_net(), folder_.path() + "/split.onnx");
  EditableModel model = open_model(path, path);
  const Plan plan = make_plan(model);
  EXPECT_EQ(plan.same_range, (std::map<std::string, std::string>{{"a", "r1"}, {"b", "r1"}}));
  write_static_int8(model, plan,
                    {{"x", {-1, 1}},
                     {"r1", {0, 4}},
                     {"a", {0, 1}},
                     {"b", {0, 4}},
                     {"c2", {0, 2}},
                     {"y", {0, 5}}});
  const EditableModel written = read_back(model);
  const std::vector<double> scale = written.constants.at("r1/scale").doubles();
  EXPECT_EQ(written.constants.at("a/scale").doubles(), scale);
  EXPECT_EQ(written.constants.at("b/scale").doubles(), scale);
}

TEST_F(SmallNet, AProductsInputHasItsOwnScaleWhereTheWholeStaysInF32) {
  const std::string path =
      dnnbench::testing::write_model(split_net(), folder_.path() + "/split.onnx");
  EditableModel model = open_model(path, path);
  EditableModel calibrated = open_model(path, path);
  add_range_outputs(calibrated, make_plan(calibrated));
  Ranges ranges;
  for (const std::string& output : calibrated.more_outputs) {
    ranges[output.substr(0, output.rfind('/'))] = {0, 1};
  }
  EXPECT_EQ(write_static_int8(model, make_plan(model, {"c1"}), ranges), 1u);
}

TEST_F(SmallNet, KeepsInF32WhatItIsAskedTo) {
  const Plan plan = make_plan(open(), {"c2", "y"});
  EXPECT_EQ(plan.products, std::set<size_t>{0});
  EXPECT_EQ(plan.values, (std::set<std::string>{"x", "r1"}));
}

TEST_F(SmallNet, WritesQuantizeAndDequantizeAroundWhatHasARange) {
  EditableModel model = open();
  const Plan plan = make_plan(model);
  write_static_int8(model, plan, {{"x", {-1, 1}}, {"r1", {0, 2}}, {"c2", {-1, 2}}, {"s", {0, 0}}});
  const EditableModel written = read_back(model);
  EXPECT_EQ(count(written, "QuantizeLinear"), 4);        // x, r1, c2, f; s was always 0
  EXPECT_EQ(count(written, "DequantizeLinear"), 4 + 2);  // and the weights of two convolutions
  EXPECT_EQ(written.opset, 13);
  EXPECT_EQ(written.constants.at("c2/weights").type, DataType::kInt8);
  EXPECT_EQ(written.constants.at("f/scale").doubles(), written.constants.at("c2/scale").doubles());
  EXPECT_TRUE(written.is_constant("w3"));  // in f32
  EXPECT_FALSE(written.is_constant("w1"));
}

TEST_F(SmallNet, PutsMatrixProductsAloneInDynamicInt8) {
  EditableModel model = open();
  EXPECT_EQ(write_dynamic_int8(model), 1u);
  const EditableModel written = read_back(model);
  EXPECT_EQ(count(written, "MatMulInteger"), 1);
  EXPECT_EQ(count(written, "DynamicQuantizeLinear"), 1);
  EXPECT_EQ(count(written, "Conv"), 2);
}

TEST_F(SmallNet, IsUpgradedFromOpset7ToOneWithScalesPerChannel) {
  EditableModel model = open(9);
  upgrade(model);
  EXPECT_EQ(read_back(model).opset, kOpsetOfQuantisation);
  EditableModel old = open(6);
  EXPECT_THROW(upgrade(old), Unsupported);
}

TEST_F(SmallNet, OutputsRangesForCalibration) {
  EditableModel model = open();
  add_range_outputs(model, make_plan(model));
  EXPECT_EQ(model.more_outputs.size(), 2u * 5);  // c2, f, r1, s, x
}

// Sums of squares overflow where elements are huge: infinite by infinite is NaN, which has no
// order.
TEST(NoisiestFirst, WhatIsNotFiniteCountsAsTheMostChanged) {
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  std::map<std::string, double> energy;
  const auto add = [&](const std::string& product, double noise, double signal) {
    energy[product + kNoise] = noise;
    energy[product + kSignal] = signal;
  };
  for (int i = 0; i < 20; ++i) {
    add(fmt::format("finite{:02}", i), i + 1, 100);
    add(fmt::format("huge{:02}", i), kInfinite, kInfinite);
  }
  add("zero", 0, 0);
  const std::vector<std::string> sorted = noisiest_first(energy);
  ASSERT_EQ(sorted.size(), 41U);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(sorted[static_cast<size_t>(i)], fmt::format("huge{:02}", 19 - i));
    EXPECT_EQ(sorted[static_cast<size_t>(20 + i)], fmt::format("finite{:02}", 19 - i));
  }
}

TEST(NoisiestFirst, AnOutputOfThatNameIsNoProduct) {
  EXPECT_EQ(noisiest_first({{std::string("decoder") + kNoise, 1.0}}), std::vector<std::string>());
}

}  // namespace
}  // namespace dnnbench::quantise
