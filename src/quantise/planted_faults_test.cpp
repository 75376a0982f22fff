// Quantised models that a wrong quantiser would make: none of them may be accepted.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>

#include "machine/read_environment.h"
#include "onnx/model.h"
#include "prepare/accuracy_samples.h"
#include "quantise/quantised_weights.h"
#include "quantise/small_net.h"
#include "quantise/variant_maker.h"
#include "verify/accuracy.h"

namespace dnnbench::quantise {
namespace {

constexpr uint32_t kNets = 20;
constexpr int64_t kRows = 64;             // of a sample
constexpr size_t kHeldOut = 8;            // samples: 512 rows, enough for a drop of 0.01
constexpr size_t kCandidates = 16;        // samples, of whose rows some are held out
constexpr int64_t kElements = 3 * 8 * 8;  // of a row
const std::vector<std::string> kActivations{"r0", "r1", "r2"};

// A way to spoil a quantised model.
struct Fault {
  const char* name;
  std::function<void(EditableModel& model, RandomNumbers& random)> plant;
};

const std::string& one_of(const std::vector<std::string>& names, RandomNumbers& random) {
  return names[static_cast<size_t>(random.integer(0, static_cast<int64_t>(names.size()) - 1))];
}

// One of the constants whose name ends so.
import::Constant& one_of(EditableModel& model, const std::string& end, RandomNumbers& random) {
  std::vector<std::string> names;
  for (const auto& [name, constant] : model.constants) {
    if (name.ends_with(end)) names.push_back(name);
  }
  return model.constants.at(one_of(names, random));
}

void change(import::Constant& constant, const std::function<void(std::vector<double>&)>& how) {
  Tensor tensor = constant.tensor();
  std::vector<double> values = to_doubles(tensor);
  how(values);
  from_doubles(values, tensor);
  constant = import::make_constant(std::move(tensor));
}

void scale_channels_wrongly(EditableModel& model, RandomNumbers& random) {
  change(one_of(model, "/weights/scale", random), [&](std::vector<double>& values) {
    for (double& value : values) value *= random.uniform(1.3, 2);
  });
}

void scale_layer_wrongly(EditableModel& model, RandomNumbers& random) {
  change(model.constants.at("c" + std::to_string(random.integer(0, 2)) + "/weights/scale"),
         [&](std::vector<double>& values) {
           const double factor = random.uniform(2, 4);
           for (double& value : values) value *= factor;
         });
}

// Of DequantizeLinear, where QuantizeLinear has the right one.
void move_zero_point(EditableModel& model, RandomNumbers& random) {
  const std::string& value = one_of(kActivations, random);
  for (EditableNode& node : model.nodes) {
    if (node.node.op != "DequantizeLinear" || node.node.inputs[0] != value + "/quantised") continue;
    Tensor wrong = make_tensor(DataType::kUint8, {});
    wrong.bytes[0] = static_cast<std::byte>(random.integer(10, 40));
    node.node.inputs[2] = add_constant(model, value + "/wrong", std::move(wrong));
  }
}

void swap_channels(EditableModel& model, RandomNumbers& random) {
  import::Constant& weights =
      model.constants.at("c" + std::to_string(random.integer(0, 2)) + "/weights");
  const auto each = static_cast<ptrdiff_t>(weights.element_count() / weights.shape[0]);
  change(weights, [&](std::vector<double>& values) {
    const ptrdiff_t by = each * random.integer(1, weights.shape[0] - 1);
    std::rotate(values.begin(), values.begin() + by, values.end());
  });
}

void saturate_activations(EditableModel& model, RandomNumbers& random) {
  change(model.constants.at(one_of(kActivations, random) + "/scale"),
         [&](std::vector<double>& values) { values[0] /= random.uniform(4, 16); });
}

void leave_layer_out(EditableModel& model, RandomNumbers& random) {
  change(one_of(model, "/weights", random),
         [](std::vector<double>& values) { std::fill(values.begin(), values.end(), 0); });
}

const std::vector<Fault> kFaults{
    {"wrong scales of channels", scale_channels_wrongly},
    {"a layer scaled wrongly", scale_layer_wrongly},
    {"wrong zero point", move_zero_point},
    {"swapped channels", swap_channels},
    {"saturated activations", saturate_activations},
    {"a layer left out", leave_layer_out},
};

Tensor random_rows(RandomNumbers& random) {
  Tensor tensor = make_tensor(DataType::kFloat32, {kRows, 3, 8, 8});
  for (float& value : tensor.as<float>()) value = static_cast<float>(random.uniform(0, 1));
  return tensor;
}

// The largest of a row's scores less the second largest, and the place of the largest.
std::pair<float, int64_t> margin_of(std::span<const float> scores) {
  std::vector<float> sorted(scores.begin(), scores.end());
  std::sort(sorted.rbegin(), sorted.rend());
  return {sorted[0] - sorted[1], std::max_element(scores.begin(), scores.end()) - scores.begin()};
}

std::pair<float, int64_t> margin_of(const std::vector<Value>& outputs, int64_t row) {
  return margin_of(outputs[0].tensor().as<float>().subspan(static_cast<size_t>(row) * 10, 10));
}

class PlantedFaults : public ::testing::Test {
 protected:
  void prepare(uint32_t seed) {
    const std::string path = dnnbench::testing::write_model(
        convolutional_net(13, kRows, 100 * seed), work_.path() + "/net.onnx");
    f32_.model = read_model(path);
    f32_.load.model_path = path;
    f32_.load.input_shapes = {{"x", {kRows, 3, 8, 8}}};
    RandomNumbers random(4, seed);
    AccuracySamples samples;
    samples.given = true;
    for (int i = 0; i < 4; ++i)
      samples.calibration.push_back({make_value("x", random_rows(random))});
    candidates_.clear();
    for (size_t i = 0; i < kCandidates; ++i) {
      candidates_.push_back({make_value("x", random_rows(random))});
    }
    f32_.samples = std::make_shared<const AccuracySamples>(samples);
    f32_.simplifier = std::make_shared<ModelSimplifier>(f32_.load, samples.calibration.front(),
                                                        GivenInputs{}, 60, work_);
  }

  // Of the rows, those of the class that the network finds most often.
  double share_of_largest_class() {
    std::map<int64_t, double> rows;
    for (const auto& outputs : f32_outputs(candidates_)) {
      for (int64_t row = 0; row < kRows; ++row) ++rows[margin_of(outputs, row).second];
    }
    double max = 0;
    for (const auto& [label, count] : rows) max = std::max(max, count);
    return max / static_cast<double>(kCandidates * kRows);
  }

  // Rows that f32 decides narrowly and the right variant decides alike: it loses none of them, and
  // a fault that changes anything loses some.
  void hold_out_narrow_rows(const std::string& right) {
    struct Row {
      float margin;
      size_t sample;
      int64_t place;
    };
    const auto f32 = f32_outputs(candidates_);
    const auto int8 = outputs_of(pointers(candidates_), load_of(right), 60, work_);
    std::vector<Row> rows;
    for (size_t i = 0; i < kCandidates; ++i) {
      for (int64_t row = 0; row < kRows; ++row) {
        const auto [margin, label] = margin_of(f32[i], row);
        if (margin_of(int8[i], row).second == label) rows.push_back({margin, i, row});
      }
    }
    std::sort(rows.begin(), rows.end(),
              [](const Row& a, const Row& b) { return a.margin < b.margin; });
    std::vector<InputSample> chosen;
    for (size_t i = 0; i < kHeldOut; ++i) {
      Tensor tensor = make_tensor(DataType::kFloat32, {kRows, 3, 8, 8});
      for (int64_t row = 0; row < kRows; ++row) {
        const Row& from = rows.at(i * kRows + static_cast<size_t>(row));
        const auto values = candidates_[from.sample][0].tensor().as<float>();
        std::copy_n(values.begin() + from.place * kElements, kElements,
                    tensor.as<float>().begin() + row * kElements);
      }
      chosen.push_back({make_value("x", tensor)});
    }
    const auto expected = f32_outputs(chosen);
    AccuracySamples samples = *f32_.samples;
    for (size_t i = 0; i < kHeldOut; ++i) {
      std::vector<int64_t> labels;
      for (int64_t row = 0; row < kRows; ++row) {
        labels.push_back(margin_of(expected[i], row).second);
      }
      samples.held_out.push_back({0, chosen[i], expected[i], labels});
    }
    f32_.samples = std::make_shared<const AccuracySamples>(std::move(samples));
  }

  static std::vector<const InputSample*> pointers(const std::vector<InputSample>& samples) {
    std::vector<const InputSample*> all;
    for (const InputSample& sample : samples) all.push_back(&sample);
    return all;
  }

  LoadConfig load_of(const std::string& path) const {
    LoadConfig load = f32_.load;
    load.model_path = path;
    return load;
  }

  std::vector<std::vector<Value>> f32_outputs(const std::vector<InputSample>& samples) {
    LoadConfig plain = f32_.load;
    plain.optimize = false;
    return outputs_of(pointers(samples), plain, 60, work_);
  }

  std::string make() {
    PreparedModel made = VariantMaker(f32_, std::nullopt, 60, work_, progress_).make("int8");
    EXPECT_TRUE(made.variant->outcome.ok()) << made.variant->outcome.reason;
    return made.load.model_path;
  }

  Accuracy accuracy_of(const std::string& path) {
    std::vector<const InputSample*> inputs;
    for (const HeldOutSample& sample : f32_.samples->held_out) inputs.push_back(&sample.inputs);
    const auto outputs = outputs_of(inputs, load_of(path), 60, work_);
    AccuracyMeter meter(true);
    for (size_t i = 0; i < outputs.size(); ++i) {
      const HeldOutSample& sample = f32_.samples->held_out[i];
      meter.add(sample.f32, outputs[i], sample.labels);
    }
    return meter.result();
  }

  void expect_accepted(const std::string& path, bool accepted, const std::string& what) {
    const Accuracy accuracy = accuracy_of(path);
    EXPECT_EQ(acceptance_of(accuracy, {max_error_, {}}).accepted, accepted)
        << what << ": error " << accuracy.max_error;
    EXPECT_EQ(acceptance_of(accuracy, {{}, 0.01}).accepted, accepted)
        << what << ": drop " << accuracy.drop->drop();
  }

  WorkFolder work_;
  NoProgress progress_;
  PreparedModel f32_;
  std::vector<InputSample> candidates_;
  // Weights in 7 bits are rounded twice as far.
  const double max_error_ = largest_weight(read_environment()) < 127 ? 0.03 : 0.02;
};

// Six kinds in each of 20 networks, and each network calibrated on zeros: 140 broken variants.
TEST_F(PlantedFaults, AreNeverAccepted) {
  uint32_t nets = 0;
  for (uint32_t net = 0; nets < kNets; ++net) {
    prepare(net);
    if (share_of_largest_class() > 0.6) continue;  // no fault loses what the network says anyhow
    ++nets;
    const std::string where = "net " + std::to_string(net);
    const std::string good = make();
    hold_out_narrow_rows(good);
    ASSERT_NO_FATAL_FAILURE(expect_accepted(good, true, where + ", without a fault"));
    for (const Fault& fault : kFaults) {
      RandomNumbers random(3, net);
      EditableModel model = open_model(good, good);
      fault.plant(model, random);
      const std::string path = work_.path() + "/broken.onnx";
      write_model(model, path);
      expect_accepted(path, false, where + ", " + fault.name);
    }
    AccuracySamples zeros = *f32_.samples;
    for (InputSample& sample : zeros.calibration) {
      for (float& value : sample[0].tensor().as<float>()) value = 0;
    }
    f32_.samples = std::make_shared<const AccuracySamples>(std::move(zeros));
    expect_accepted(make(), false, where + ", calibrated on zeros");
  }
}

}  // namespace
}  // namespace dnnbench::quantise
