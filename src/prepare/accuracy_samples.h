// What variants of a model are calibrated on and measured with: the user's samples, or generated
// inputs where there are none.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "inputs/samples.h"
#include "prepare/metric_command.h"
#include "process/work_folder.h"
#include "protocol/load_config.h"
#include "verify/accuracy.h"

namespace dnnbench {

struct HeldOutSample {
  int64_t place = 0;  // among all samples
  InputSample inputs;
  std::vector<Value> f32;       // what the f32 model makes of it, by the reference
  std::vector<int64_t> labels;  // the right classes; empty where none were given
};

struct AccuracySamples {
  bool given = false;  // by the user
  std::vector<InputSample> calibration;
  std::vector<HeldOutSample> held_out;
  std::shared_ptr<const MetricCommand> metric;  // of the user's, or null
  std::vector<double> f32_scores;               // by it, of the samples held out
};

// Splits the samples, which have these labels, or none; computes the f32 outputs of those held out
// with ONNX Runtime, not optimised. Throws EngineEnded where that fails.
AccuracySamples split_samples(std::vector<InputSample> samples,
                              const std::vector<std::vector<int64_t>>& labels,
                              const LoadConfig& f32, double timeout_s, const WorkFolder& work);

// Those outputs of each sample, by a model loaded once.
std::vector<std::vector<Value>> outputs_of(const std::vector<const InputSample*>& samples,
                                           const LoadConfig& config, double timeout_s,
                                           const WorkFolder& work);

// What the user's command says of a variant's outputs on the samples held out, if there is one.
// Where it can't judge them, `accuracy` has the reason.
void add_scores(const AccuracySamples& samples, const std::vector<std::vector<Value>>& outputs,
                Accuracy& accuracy);

}  // namespace dnnbench
