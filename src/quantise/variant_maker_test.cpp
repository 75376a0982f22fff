// With ONNX Runtime as the reference, in processes of its own.
#include "quantise/variant_maker.h"

#include <gtest/gtest.h>

#include "import/graph_walk.h"
#include "onnx/model.h"
#include "prepare/accuracy_samples.h"
#include "quantise/small_net.h"
#include "quantise/upgrade.h"
#include "verify/accuracy.h"

namespace dnnbench::quantise {
namespace {

using onnx::TensorProto;

constexpr double kBound = 0.02;

InputSample random_sample(uint32_t seed) {
  Tensor tensor = make_tensor(DataType::kFloat32, {1, 3, 8, 8});
  RandomNumbers random(2, seed);
  for (float& value : tensor.as<float>()) value = static_cast<float>(random.uniform(0, 1));
  return {make_value("x", tensor)};
}

class ConvolutionalNet : public ::testing::Test {
 protected:
  void prepare(const onnx::ModelProto& model, std::vector<InputSample> samples) {
    const std::string path = dnnbench::testing::write_model(model, work_.path() + "/net.onnx");
    f32_.model = read_model(path);
    f32_.load.model_path = path;
    f32_.load.input_shapes = {{"x", {1, 3, 8, 8}}};
    f32_.simplifier =
        std::make_shared<ModelSimplifier>(f32_.load, random_sample(0), GivenInputs{}, 60, work_);
    AccuracySamples split = split_samples(std::move(samples), {}, f32_.load, 60, work_);
    split.given = true;
    f32_.samples = std::make_shared<const AccuracySamples>(std::move(split));
  }

  static std::vector<InputSample> random_samples() {
    std::vector<InputSample> samples;
    for (uint32_t seed = 0; seed < 12; ++seed) samples.push_back(random_sample(seed));
    return samples;
  }

  VariantFacts make(const std::string& precision) {
    PreparedModel made = VariantMaker(f32_, std::nullopt, 60, work_, progress_).make(precision);
    path_ = made.load.model_path;
    simplifier_ = made.simplifier;
    return *made.variant;
  }

  Accuracy accuracy_of(const std::string& path) {
    LoadConfig load = f32_.load;
    load.model_path = path;
    std::vector<const InputSample*> inputs;
    for (const HeldOutSample& sample : f32_.samples->held_out) inputs.push_back(&sample.inputs);
    const auto outputs = outputs_of(inputs, load, 60, work_);
    AccuracyMeter meter(true);
    for (size_t i = 0; i < outputs.size(); ++i)
      meter.add(f32_.samples->held_out[i].f32, outputs[i]);
    return meter.result();
  }

  bool is_accepted(const std::string& path) {
    return *acceptance_of(accuracy_of(path), {kBound, {}}).accepted;
  }

  WorkFolder work_;
  NoProgress progress_;
  PreparedModel f32_;
  std::string path_;                             // of the variant made last
  std::shared_ptr<ModelSimplifier> simplifier_;  // likewise
};

TEST_F(ConvolutionalNet, IsCloseInBothFormsOfInt8) {
  prepare(convolutional_net(9), random_samples());
  const VariantFacts fixed = make("int8");
  ASSERT_TRUE(fixed.outcome.ok()) << fixed.outcome.reason;
  EXPECT_EQ(fixed.products, 4);
  EXPECT_EQ(fixed.calibration, "samples");
  EXPECT_EQ(fixed.calibration_samples, 9u);
  EXPECT_GT(fixed.make_s, 0);
  EXPECT_GT(fixed.make_peak_bytes, 0);
  EXPECT_TRUE(is_accepted(path_)) << accuracy_of(path_).max_error;
  const VariantFacts dynamic = make("int8-dynamic");
  ASSERT_TRUE(dynamic.outcome.ok()) << dynamic.outcome.reason;
  EXPECT_EQ(dynamic.products, 1);
  EXPECT_EQ(dynamic.products_in_f32, 3);
  EXPECT_TRUE(is_accepted(path_));
}

TEST_F(ConvolutionalNet, IsImportedAsQuantised) {
  prepare(convolutional_net(13), random_samples());
  ASSERT_TRUE(make("int8").outcome.ok());
  const SimplifiedModel& simplified = simplifier_->get();
  ASSERT_TRUE(simplified.outcome.ok()) << simplified.outcome.reason;
  int quantised = 0;
  import::for_each_node(
      import::read_model_file(simplified.path, path_),
      [&](const import::Node& node) { quantised += node.op == "QuantizeLinear" ? 1 : 0; });
  EXPECT_GT(quantised, 0);
}

TEST_F(ConvolutionalNet, OfEveryOpsetFrom7IsMade) {
  for (const int64_t opset : {7, 8, 10, 11, 12}) {
    prepare(convolutional_net(opset), random_samples());
    const VariantFacts facts = make("int8");
    ASSERT_TRUE(facts.outcome.ok()) << "opset " << opset << ": " << facts.outcome.reason;
    EXPECT_EQ(facts.products, 4);
    EXPECT_TRUE(is_accepted(path_)) << "opset " << opset;
  }
}

TEST(Upgrade, OfAnOlderOpsetSaysWhich) {
  EditableModel model;
  model.opset = 6;
  try {
    upgrade(model);
    FAIL();
  } catch (const Unsupported& unsupported) {
    EXPECT_STREQ(unsupported.what(),
                 "the model's opset 6 can't be upgraded; convert it to 7 or newer");
  }
}

TEST_F(ConvolutionalNet, WithoutConstantWeightsHasNothingToQuantise) {
  onnx::ModelProto model = dnnbench::testing::empty_model(13);
  dnnbench::testing::add_input(model, "x", TensorProto::FLOAT, {"1", "3", "8", "8"});
  dnnbench::testing::add_output(model, "y", TensorProto::FLOAT, {"1", "3", "8", "8"});
  dnnbench::testing::add_node(model, "Relu", {"x"}, {"y"});
  prepare(model, random_samples());
  const VariantFacts facts = make("int8");
  EXPECT_EQ(facts.outcome.kind, OutcomeKind::kUnsupported);
  EXPECT_EQ(facts.outcome.reason,
            "the int8 model can't be made: the model has no Conv, Gemm or MatMul with constant f32 "
            "weights, so int8 would change nothing");
}

TEST_F(ConvolutionalNet, OfASampleThatIsAlways0HasNoRange) {
  onnx::ModelProto model = dnnbench::testing::empty_model(13);
  dnnbench::testing::add_input(model, "x", TensorProto::FLOAT, {"1", "3", "8", "8"});
  dnnbench::testing::add_output(model, "y", TensorProto::FLOAT, {"1", "2", "8", "8"});
  dnnbench::testing::add_initializer(model, dnnbench::testing::float_tensor("w", {2, 3, 1, 1}));
  dnnbench::testing::add_node(model, "Conv", {"x", "w"}, {"y"});
  std::vector<InputSample> zeros = random_samples();
  for (InputSample& sample : zeros) {
    for (float& value : sample[0].tensor().as<float>()) value = 0;
  }
  prepare(model, zeros);
  const VariantFacts facts = make("int8");
  EXPECT_EQ(facts.outcome.kind, OutcomeKind::kUnsupported);
  EXPECT_EQ(facts.outcome.reason,
            "the int8 model can't be made: with the calibration samples the inputs of its Conv, "
            "Gemm and MatMul are always 0 or not finite, so they have no range to quantise them "
            "with");
}

TEST_F(ConvolutionalNet, LeavesProductsInF32UntilTheBoundIsMet) {
  onnx::ModelProto model = convolutional_net(13);
  // A channel that is always 0 after Relu, with weights so large that 8 bits hide all others.
  for (TensorProto& tensor : *model.mutable_graph()->mutable_initializer()) {
    if (tensor.name() == "b1") tensor.set_float_data(3, -300);
    if (tensor.name() != "w2") continue;
    for (int i = 0; i < tensor.float_data_size(); ++i) {
      if (i / 9 % 8 == 3) tensor.set_float_data(i, 200 * tensor.float_data(i));
    }
  }
  prepare(model, random_samples());
  ASSERT_TRUE(make("int8").outcome.ok());
  const double everything = accuracy_of(path_).max_error;
  const PreparedModel searched =
      VariantMaker(f32_, everything / 2, 60, work_, progress_).make("int8");
  ASSERT_TRUE(searched.variant->outcome.ok()) << searched.variant->outcome.reason;
  EXPECT_EQ(searched.variant->kept_in_f32, std::vector<std::string>{"c2"});
  EXPECT_EQ(searched.variant->products, 3);
  EXPECT_LT(accuracy_of(searched.load.model_path).max_error, everything / 2);
}

}  // namespace
}  // namespace dnnbench::quantise
