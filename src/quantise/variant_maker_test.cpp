// With ONNX Runtime as the reference, in processes of its own.
#include "quantise/variant_maker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "core/random_numbers.h"
#include "onnx/model.h"
#include "onnx/test_model.h"
#include "prepare/accuracy_samples.h"
#include "verify/accuracy.h"

namespace dnnbench::quantise {
namespace {

using onnx::TensorProto;

constexpr double kBound = 0.02;

class Silent : public Progress {
 public:
  void note(const std::string&) override {}
  void step(const std::string&, const std::string&, std::optional<double>) override {}
  void finished(const Result&) override {}
};

TensorProto random_tensor(const std::string& name, const std::vector<int64_t>& shape, double scale,
                          uint32_t seed) {
  TensorProto tensor;
  tensor.set_name(name);
  tensor.set_data_type(TensorProto::FLOAT);
  for (const int64_t size : shape) tensor.add_dims(size);
  RandomNumbers random(1, seed);
  for (int64_t i = 0; i < element_count(shape); ++i) {
    tensor.add_float_data(static_cast<float>(random.uniform(-scale, scale)));
  }
  return tensor;
}

// x -> Conv -> Relu -> Conv -> Relu -> Conv -> Relu -> MaxPool -> Flatten -> Gemm -> y, with a bias
// in each.
onnx::ModelProto convolutional_net(int64_t opset) {
  using namespace dnnbench::testing;
  onnx::ModelProto model = empty_model(opset);
  add_input(model, "x", TensorProto::FLOAT, {"1", "3", "8", "8"});
  add_output(model, "y", TensorProto::FLOAT, {"1", "10"});
  std::string value = "x";
  int64_t channels = 3;
  for (uint32_t layer = 0; layer < 3; ++layer) {
    const std::string name = std::to_string(layer);
    add_initializer(model, random_tensor("w" + name, {8, channels, 3, 3}, 0.4, 2 * layer));
    add_initializer(model, random_tensor("b" + name, {8}, 0.5, 2 * layer + 1));
    auto& conv = add_node(model, "Conv", {value, "w" + name, "b" + name}, {"c" + name});
    auto* pads = conv.add_attribute();
    pads->set_name("pads");
    pads->set_type(onnx::AttributeProto::INTS);
    for (int i = 0; i < 4; ++i) pads->add_ints(1);
    add_node(model, "Relu", {"c" + name}, {"r" + name});
    value = "r" + name;
    channels = 8;
  }
  auto& pool = add_node(model, "MaxPool", {value}, {"p"});
  for (const char* name : {"kernel_shape", "strides"}) {
    auto* sizes = pool.add_attribute();
    sizes->set_name(name);
    sizes->set_type(onnx::AttributeProto::INTS);
    sizes->add_ints(4);
    sizes->add_ints(4);
  }
  add_node(model, "Flatten", {"p"}, {"f"});
  add_initializer(model, random_tensor("w3", {32, 10}, 0.3, 6));
  add_initializer(model, random_tensor("b3", {10}, 0.5, 7));
  add_node(model, "Gemm", {"f", "w3", "b3"}, {"y"});
  return model;
}

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
  Silent progress_;
  PreparedModel f32_;
  std::string path_;  // of the variant made last
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

// A way to spoil a quantised model, as a wrong quantiser would.
struct Fault {
  const char* name;
  std::function<void(EditableModel& model, RandomNumbers& random)> plant;
};

// One of the constants whose name ends so.
import::Constant& one_of(EditableModel& model, const std::string& end, RandomNumbers& random) {
  std::vector<std::string> names;
  for (const auto& [name, constant] : model.constants) {
    if (name.ends_with(end)) names.push_back(name);
  }
  return model.constants.at(
      names[static_cast<size_t>(random.integer(0, static_cast<int64_t>(names.size()) - 1))]);
}

void change(import::Constant& constant, const std::function<void(std::vector<double>&)>& how) {
  Tensor tensor = constant.tensor();
  std::vector<double> values = to_doubles(tensor);
  how(values);
  from_doubles(values, tensor);
  constant = import::make_constant(std::move(tensor));
}

const std::vector<Fault>& faults() {
  static const std::vector<Fault> kFaults{
      {"wrong scale of weights",
       [](EditableModel& model, RandomNumbers& random) {
         change(one_of(model, "/weights/scale", random), [&](std::vector<double>& values) {
           for (double& value : values) value *= random.uniform(1.3, 2);
         });
       }},
      {"wrong zero point",  // of DequantizeLinear, where QuantizeLinear has the right one
       [](EditableModel& model, RandomNumbers& random) {
         const std::string value = "r" + std::to_string(random.integer(0, 2));
         for (EditableNode& node : model.nodes) {
           if (node.node.op != "DequantizeLinear" || node.node.inputs[0] != value + "/quantised") {
             continue;
           }
           Tensor wrong = make_tensor(DataType::kUint8, {});
           wrong.bytes[0] = static_cast<std::byte>(random.integer(10, 40));
           node.node.inputs[2] = add_constant(model, value + "/wrong", std::move(wrong));
         }
       }},
      {"swapped channels",
       [](EditableModel& model, RandomNumbers& random) {
         change(one_of(model, "/weights", random),
                [](std::vector<double>& values) { std::reverse(values.begin(), values.end()); });
       }},
      {"saturated activations",
       [](EditableModel& model, RandomNumbers& random) {
         const std::string name = "r" + std::to_string(random.integer(0, 2)) + "/scale";
         change(model.constants.at(name),
                [&](std::vector<double>& values) { values[0] /= random.uniform(4, 16); });
       }},
      {"one layer left out",
       [](EditableModel& model, RandomNumbers& random) {
         change(one_of(model, "/weights", random),
                [](std::vector<double>& values) { std::fill(values.begin(), values.end(), 0); });
       }},
  };
  return kFaults;
}

// 20 of them; with 20 of each there are 100.
TEST_F(ConvolutionalNet, IsNeverAcceptedWithAFault) {
  constexpr uint32_t kEach = 4;
  prepare(convolutional_net(13), random_samples());
  ASSERT_TRUE(make("int8").outcome.ok());
  ASSERT_TRUE(is_accepted(path_));
  const std::string good = path_;
  for (const Fault& fault : faults()) {
    for (uint32_t seed = 0; seed < kEach; ++seed) {
      RandomNumbers random(3, seed);
      EditableModel model = open_model(good, good);
      fault.plant(model, random);
      const std::string path = work_.path() + "/broken.onnx";
      write_model(model, path);
      EXPECT_FALSE(is_accepted(path)) << fault.name << ", seed " << seed;
    }
  }
}

TEST_F(ConvolutionalNet, IsNotAcceptedCalibratedOnZeros) {
  std::vector<InputSample> samples = random_samples();
  const std::vector<bool> calibrating = calibrating_samples(samples.size());
  for (size_t i = 0; i < samples.size(); ++i) {
    if (!calibrating[i]) continue;
    for (float& value : samples[i][0].tensor().as<float>()) value = 0;
  }
  prepare(convolutional_net(13), std::move(samples));
  ASSERT_TRUE(make("int8").outcome.ok());
  EXPECT_FALSE(is_accepted(path_));
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
