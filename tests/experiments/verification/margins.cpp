// verification-margins MODEL [FAULT=MODEL ...]: runs a model in every way that should pass and in
// every way that should not, and prints one line of JSON for each with what verification makes of
// it. FAULT=MODEL is the same model with something wrong in it. margins.py calls this and draws
// up the table of docs/verifying.md.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "inputs/inputs.h"
#include "onnx/model.h"
#include "prepare/prepare_model.h"
#include "process/engine_session.h"
#include "process/work_folder.h"
#include "protocol/value_file.h"
#include "verify/class_rule.h"
#include "verify/difference.h"
#include "verify/judge_tensor.h"

using namespace dnnbench;

namespace {

constexpr uint64_t kInputSeeds[] = {0, 1, 2};
constexpr int kPerturbedRuns = 6;

struct Way {
  std::string name;
  std::string engine;
  std::string precision = "f32";
  int threads = 1;
  bool optimize = true;
  std::string model_path = "";  // empty: the model itself
};

using Outputs = std::vector<Value>;

class Experiment {
 public:
  explicit Experiment(const std::string& path) : model_(read_model(path)) {
    const InputShapes shapes = fix_shapes(model_, {}, {}, work_).sizes();
    config_.model_path = path;
    config_.input_shapes = shapes;
    for (const uint64_t seed : kInputSeeds) sets_.push_back(make_inputs(model_, shapes, seed, {}));
  }

  // The outputs on each set of inputs, and what precision was in force.
  std::vector<Outputs> run(const Way& way, const std::vector<std::vector<Value>>& sets,
                           std::string* in_force = nullptr) const {
    WorkerOptions worker;
    worker.engine = way.engine;
    worker.log_path = work_.path() + "/log";
    LoadConfig config = config_;
    if (!way.model_path.empty()) config.model_path = way.model_path;
    config.precision = way.precision;
    config.threads = way.threads;
    config.optimize = way.optimize;
    EngineSession session(worker, work_.path());
    const Loaded loaded = session.load(config);
    if (in_force != nullptr) *in_force = loaded.in_force.precision;
    std::vector<Outputs> outputs;
    for (const std::vector<Value>& inputs : sets) {
      const std::string file = work_.path() + "/inputs";
      write_values(file, inputs);
      session.set_inputs(file);
      session.run();
      outputs.push_back(session.outputs());
    }
    return outputs;
  }

  std::vector<Outputs> run(const Way& way) const { return run(way, sets_); }

  std::vector<std::vector<Value>> perturbed_sets(double relative, uint64_t seed) const {
    std::vector<std::vector<Value>> perturbed;
    for (const auto& set : sets_) perturbed.push_back(perturb(set, relative, seed));
    return perturbed;
  }

  // As run/compute_references does it.
  void make_references() {
    const std::vector<Outputs> plain = run(kPlain);
    const std::vector<Outputs> optimised = run({"", "onnxruntime"});
    const std::vector<Outputs> perturbed1 = run(kPlain, perturbed_sets(kPerturbation, 1));
    const std::vector<Outputs> perturbed2 = run(kPlain, perturbed_sets(kPerturbation, 2));
    for (size_t i = 0; i < sets_.size(); ++i) {
      ReferenceRuns runs;
      runs.unoptimised = plain[i];
      runs.probes = {optimised[i], perturbed1[i], perturbed2[i]};
      references_.push_back(make_reference(std::move(runs)));
    }
  }

  void judge(const std::string& name, bool legitimate, const std::vector<Outputs>& outputs,
             ToleranceClass requested = ToleranceClass::kF32) const {
    for (size_t i = 0; i < outputs.size(); ++i) {
      print(name, legitimate, kInputSeeds[i], references_[i], outputs[i], requested);
    }
  }

  const std::vector<Reference>& references() const { return references_; }

  static inline const Way kPlain = {"", "onnxruntime", "f32", 1, false};

 private:
  // One line for each floating-point output; the verdict is on all of them.
  void print(const std::string& name, bool legitimate, uint64_t seed, const Reference& reference,
             const Outputs& outputs, ToleranceClass requested) const {
    const Verification verification = verify(reference, outputs, requested);
    for (size_t i = 0; i < outputs.size(); ++i) {
      const Tensor& tensor = reference.outputs[i].tensor();
      if (!is_floating_point(tensor.type)) continue;
      const Sensitivity& sensitivity = reference.sensitivity[i][0];
      const Judgement judgement =
          judge_numbers({outputs[i].name, tensor, outputs[i].tensor(), sensitivity},
                        {.native = ToleranceClass::kF32, .applied = requested});
      const double scale = judgement.tolerance.absolute / judgement.tolerance.relative;
      const nlohmann::ordered_json line = {
          {"run", name},
          {"legitimate", legitimate},
          {"class", to_string(requested)},
          {"seed", seed},
          {"verdict", to_string(verification.verdict)},
          {"reason", verification.reason},
          {"output", outputs[i].name},
          {"sensitivity", sensitivity.norm},
          {"norm", judgement.difference->norm},
          {"norm_allowed", judgement.tolerance.norm},
          {"element", judgement.difference->largest},
          {"element_allowed", judgement.tolerance.relative},
          {"smallest_detected", *judgement.smallest_detected_error / scale}};
      fmt::print("{}\n", line.dump());
    }
    std::fflush(stdout);
  }

  WorkFolder work_;
  Model model_;
  LoadConfig config_;
  std::vector<std::vector<Value>> sets_;
  std::vector<Reference> references_;
};

// Every floating-point output changed by `fault`.
std::vector<Outputs> damaged(
    const std::vector<Reference>& references,
    const std::function<void(const Tensor&, std::vector<double>&)>& fault) {
  std::vector<Outputs> result;
  for (const Reference& reference : references) {
    Outputs outputs = reference.outputs;
    for (Value& output : outputs) {
      if (!is_floating_point(output.tensor().type)) continue;
      std::vector<double> values = to_doubles(output.tensor());
      fault(output.tensor(), values);
      from_doubles(values, output.tensor());
    }
    result.push_back(std::move(outputs));
  }
  return result;
}

void round_to(DataType type, std::vector<double>& values) {
  Tensor rounded = make_tensor(type, {static_cast<int64_t>(values.size())});
  from_doubles(values, rounded);
  values = to_doubles(rounded);
}

// Rows and columns of the last two axes longer than 1 swapped, without the shape's saying so.
void transpose(const Tensor& tensor, std::vector<double>& values) {
  std::vector<size_t> sizes;
  for (const int64_t size : tensor.shape) {
    if (size > 1) sizes.push_back(static_cast<size_t>(size));
  }
  const size_t columns = sizes.size() > 1 ? sizes.back() : 2;
  const size_t rows = sizes.size() > 1 ? sizes[sizes.size() - 2] : values.size() / 2;
  const std::vector<double> before = values;
  for (size_t base = 0; base + rows * columns <= values.size(); base += rows * columns) {
    for (size_t i = 0; i < rows * columns; ++i) {
      values[base + i % columns * rows + i / columns] = before[base + i];
    }
  }
}

void judge_legitimate(const Experiment& experiment) {
  for (int seed = 11; seed < 11 + kPerturbedRuns; ++seed) {
    const auto sets = experiment.perturbed_sets(kPerturbation, static_cast<uint64_t>(seed));
    experiment.judge("perturbed", true, experiment.run(Experiment::kPlain, sets));
  }
  for (const int threads : {1, 2}) {
    experiment.judge(fmt::format("ONNX Runtime, {} threads", threads), true,
                     experiment.run({"", "onnxruntime", "f32", threads}));
    experiment.judge(fmt::format("OpenVINO f32, {} threads", threads), true,
                     experiment.run({"", "openvino", "f32", threads}));
  }
}

void judge_faults(const Experiment& experiment) {
  const std::vector<Reference>& references = experiment.references();
  const auto fault = [&](const std::string& name, const auto& inject) {
    experiment.judge(name, false, damaged(references, inject));
  };
  fault("one element zero", [](const Tensor&, std::vector<double>& values) {
    *std::max_element(values.begin(), values.end()) = 0;
  });
  fault("one element 1 % of the scale off", [](const Tensor&, std::vector<double>& values) {
    values[values.size() / 2] += 0.01 * scale_of(values);
  });
  fault("output rounded to f16",
        [](const Tensor&, std::vector<double>& values) { round_to(DataType::kFloat16, values); });
  std::vector<Outputs> stale;
  for (size_t i = 0; i < references.size(); ++i) {
    stale.push_back(references[(i + 1) % references.size()].outputs);
  }
  const std::vector<Outputs> transposed = damaged(references, transpose);
  for (const auto requested : {ToleranceClass::kF32, ToleranceClass::kBf16}) {
    experiment.judge("another input's answer", false, stale, requested);
    experiment.judge("transposed", false, transposed, requested);
  }
}

// What OpenVINO computes in bf16 is wrong where f32 was asked, and right where bf16 was.
void judge_bf16(const Experiment& experiment) {
  const std::vector<Outputs> outputs = experiment.run({"", "openvino", "bf16"});
  experiment.judge("OpenVINO bf16", false, outputs);
  experiment.judge("OpenVINO bf16", true, outputs, ToleranceClass::kBf16);
}

void judge_faulty_model(const Experiment& experiment, const std::string& argument) {
  const size_t equals = argument.find('=');
  const std::string name = argument.substr(0, equals);
  Way way = Experiment::kPlain;
  way.model_path = argument.substr(equals + 1);
  const std::vector<Outputs> outputs = experiment.run(way);
  experiment.judge(name, false, outputs);
  if (name == "weights in f16") experiment.judge(name, true, outputs, ToleranceClass::kF16);
  if (name == "weights in bf16") experiment.judge(name, true, outputs, ToleranceClass::kBf16);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc < 2) throw Error("say which model: verification-margins MODEL [FAULT=MODEL ...]");
    Experiment experiment(argv[1]);
    experiment.make_references();
    judge_legitimate(experiment);
    judge_faults(experiment);
    judge_bf16(experiment);
    for (int i = 2; i < argc; ++i) judge_faulty_model(experiment, argv[i]);
  } catch (const std::exception& error) {
    fmt::print(stderr, "verification-margins: {}\n", error.what());
    return 1;
  }
}
