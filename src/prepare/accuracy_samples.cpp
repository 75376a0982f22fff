#include "prepare/accuracy_samples.h"

#include "core/error.h"
#include "prepare/reference_session.h"
#include "protocol/value_file.h"

namespace dnnbench {

std::vector<std::vector<Value>> outputs_of(const std::vector<const InputSample*>& samples,
                                           const LoadConfig& config, double timeout_s,
                                           const WorkFolder& work) {
  EngineSession session = reference_session(work, "samples", timeout_s);
  session.load(config);
  std::vector<std::vector<Value>> outputs;
  const std::string file = work.path() + "/sample";
  for (const InputSample* sample : samples) {
    write_values(file, *sample);
    outputs.push_back(run_once(session, file));
  }
  return outputs;
}

void add_scores(const AccuracySamples& samples, const std::vector<std::vector<Value>>& outputs,
                Accuracy& accuracy) {
  if (!samples.metric) return;
  std::vector<const std::vector<Value>*> given;
  for (const std::vector<Value>& one : outputs) given.push_back(&one);
  try {
    const std::vector<double> scores = samples.metric->scores(given);
    Drop drop{samples.metric->command()};
    for (size_t i = 0; i < scores.size(); ++i) drop.add(samples.f32_scores[i], scores[i]);
    accuracy.drop = drop;
  } catch (const Error& error) {
    accuracy.no_drop = error.what();
  }
}

AccuracySamples split_samples(std::vector<InputSample> samples,
                              const std::vector<std::vector<int64_t>>& labels,
                              const LoadConfig& f32, double timeout_s, const WorkFolder& work) {
  AccuracySamples split;
  const std::vector<bool> calibrating = calibrating_samples(samples.size());
  for (size_t i = 0; i < samples.size(); ++i) {
    if (calibrating[i]) {
      split.calibration.push_back(std::move(samples[i]));
    } else {
      split.held_out.push_back({static_cast<int64_t>(i),
                                std::move(samples[i]),
                                {},
                                labels.empty() ? std::vector<int64_t>() : labels[i]});
    }
  }
  LoadConfig plain = f32;
  plain.optimize = false;
  plain.precision = "f32";
  std::vector<const InputSample*> held_out;
  for (const HeldOutSample& sample : split.held_out) held_out.push_back(&sample.inputs);
  std::vector<std::vector<Value>> outputs = outputs_of(held_out, plain, timeout_s, work);
  for (size_t i = 0; i < outputs.size(); ++i) split.held_out[i].f32 = std::move(outputs[i]);
  return split;
}

}  // namespace dnnbench
