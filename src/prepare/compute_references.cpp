#include "prepare/compute_references.h"

#include <fmt/format.h>

#include <algorithm>

#include "inputs/inputs.h"
#include "machine/read_environment.h"
#include "prepare/reference_session.h"
#include "protocol/value_file.h"
#include "verify/verify.h"

namespace dnnbench {
namespace {

constexpr uint64_t kPerturbationSeeds[] = {1, 2};

std::vector<Value> run_perturbed(EngineSession& session, const InputSet& set, double relative,
                                 uint64_t seed, bool by_rounding, const WorkFolder& work) {
  const std::string file = work.path() + "/perturbed";
  write_values(file, perturb(set.inputs, relative, seed, by_rounding));
  return run_once(session, file);
}

bool has_tensor(const std::vector<Value>& values, bool floating_point) {
  return std::any_of(values.begin(), values.end(), [&](const Value& value) {
    return std::any_of(value.tensors.begin(), value.tensors.end(), [&](const Tensor& tensor) {
      return is_floating_point(tensor.type) == floating_point;
    });
  });
}

bool has_operator(const Model& model, const std::string& type) {
  return std::any_of(model.operators.begin(), model.operators.end(), [&](const OperatorCount& op) {
    return op.type.find(type) != std::string::npos;
  });
}

// Whether elements of an output can change places or flip where rounding changes.
bool selects_or_sorts(const Model& model) {
  for (const char* type : {"ArgMax", "ArgMin", "NonMaxSuppression", "TopK", "Unique"}) {
    if (has_operator(model, type)) return true;
  }
  return false;
}

// Whether it rounds: a model of integers alone has one answer.
bool has_floating_point(const Model& model) {
  return has_operator(model, "Cast") ||  // from the integers of its inputs
         std::any_of(model.weight_types.begin(), model.weight_types.end(), is_floating_point);
}

// The classes for which the model needs probes beside its own.
std::set<ToleranceClass> coarse_classes(const Model& model, bool discrete,
                                        const std::set<ToleranceClass>& judged_by) {
  std::set<ToleranceClass> coarse;
  if (class_of_model(model) == ToleranceClass::kQuantised) return coarse;
  for (const ToleranceClass judged : judged_by) {
    if ((is_half(judged) && discrete) || judged == ToleranceClass::kQuantised)
      coarse.insert(judged);
  }
  return coarse;
}

// Unoptimised: the reference itself, and what it becomes when inputs move a little.
void run_plain(const Model& model, const LoadConfig& config, const std::vector<InputSet>& sets,
               const std::set<ToleranceClass>& judged_by, EngineSession& session,
               const WorkFolder& work, std::vector<ReferenceRuns>& runs) {
  LoadConfig plain = config;
  plain.optimize = false;
  plain.precise_integers = may_overflow(model, read_environment());
  plain.precision = "f32";
  session.load(plain);
  const ToleranceClass model_class = class_of_model(model);
  const bool is_quantised = model_class == ToleranceClass::kQuantised,
             in_half = is_half(model_class);
  const double perturbation =
      is_quantised ? rounding_step(ToleranceClass::kQuantised) : kPerturbation;
  for (size_t i = 0; i < sets.size(); ++i) {
    runs[i].unoptimised = run_once(session, sets[i].file);
    if (!has_tensor(sets[i].inputs, true)) {
      runs[i].unprobed = unprobed_of(model);
      continue;
    }
    const bool discrete = selects_or_sorts(model) || has_tensor(runs[i].unoptimised, false);
    const auto probe = [&](double relative, std::vector<std::vector<Value>>& probes) {
      for (const uint64_t seed : kPerturbationSeeds) {
        probes.push_back(run_perturbed(session, sets[i], relative, seed, in_half, work));
      }
    };
    probe(perturbation, runs[i].probes);
    if (discrete) probe(kWidePerturbation, runs[i].wide_probes);
    for (const ToleranceClass coarse : coarse_classes(model, discrete, judged_by)) {
      probe(rounding_step(coarse), runs[i].coarse_probes[coarse]);
    }
  }
}

void run_optimised(const LoadConfig& config, const std::vector<InputSet>& sets,
                   EngineSession& session, std::vector<ReferenceRuns>& runs) {
  LoadConfig optimised = config;
  optimised.precise_integers = true;  // what overflows would widen the tolerance
  optimised.precision = "f32";
  session.load(optimised);
  for (size_t i = 0; i < sets.size(); ++i) {
    runs[i].probes.push_back(run_once(session, sets[i].file));
  }
}

}  // namespace

Unprobed unprobed_of(const Model& model) {
  if (!has_floating_point(model)) return Unprobed::kNothing;
  return selects_or_sorts(model) ? Unprobed::kEveryKind : Unprobed::kDiscrete;
}

ToleranceClass class_of_model(const Model& model) {
  for (const char* type : {"QuantizeLinear", "QLinear", "MatMulInteger", "ConvInteger"}) {
    if (has_operator(model, type)) return ToleranceClass::kQuantised;
  }
  if (model.weight_types.count(DataType::kBfloat16) != 0) return ToleranceClass::kBf16;
  if (model.weight_types.count(DataType::kFloat16) != 0) return ToleranceClass::kF16;
  return ToleranceClass::kF32;
}

bool is_half(ToleranceClass judged) {
  return judged == ToleranceClass::kF16 || judged == ToleranceClass::kBf16;
}

std::set<ToleranceClass> classes_judged_by(const Model& model, const std::string& precision) {
  std::set<ToleranceClass> asked{tolerance_class_of(precision)}, classes;
  if (precision == "default") asked.insert({ToleranceClass::kF16, ToleranceClass::kBf16});
  for (const ToleranceClass one : asked) classes.insert(std::max(one, class_of_model(model)));
  return classes;
}

bool may_overflow(const Model& model, const Environment& environment) {
  static const std::set<std::string> kProducts{
      "ConvInteger",          "MatMulInteger",       "QLinearConv",
      "QLinearMatMul",        "DynamicQuantizeLSTM", "DynamicQuantizeMatMul",
      "MatMulIntegerToFloat", "QAttention",          "QGemm"};
  if (!may_overflow_int8_sums(environment)) return false;
  return std::any_of(model.operators.begin(), model.operators.end(),
                     [](const OperatorCount& one) { return kProducts.contains(one.type); });
}

std::vector<Reference> compute_references(const Model& model, LoadConfig& config,
                                          const std::vector<InputSet>& sets,
                                          const std::set<ToleranceClass>& judged_by,
                                          double timeout_s, const WorkFolder& work,
                                          Progress& progress) {
  std::vector<ReferenceRuns> runs(sets.size());
  std::string failure;
  try {
    progress.step("reference", "computing with ONNX Runtime, not optimised", std::nullopt);
    EngineSession plain = reference_session(work, "reference", timeout_s);
    run_plain(model, config, sets, judged_by, plain, work, runs);
  } catch (const EngineEnded& ended) {
    failure = fmt::format("the reference, ONNX Runtime, can't run this model: {}", ended.what());
  }
  if (failure.empty()) {
    progress.step("reference", "calibrating the error tolerance", std::nullopt);
    const auto runs_optimised = [&](const LoadConfig& tried) {
      try {
        EngineSession optimised = reference_session(work, "reference-optimised", timeout_s);
        run_optimised(tried, sets, optimised, runs);
        return true;
      } catch (const EngineEnded&) {
        return false;  // the tolerance then rests on the perturbed inputs alone
      }
    };
    if (!runs_optimised(config) && !config.inlined_path.empty()) {
      LoadConfig inlined = config;
      inlined.original_fails = true;
      config.original_fails = runs_optimised(inlined);
    }
  }
  std::vector<Reference> references;
  for (size_t i = 0; i < sets.size(); ++i) {
    runs[i].expected = sets[i].expected;
    runs[i].model_class = class_of_model(model);
    runs[i].random_operators = model.random_operators;
    runs[i].failure = failure;
    references.push_back(make_reference(std::move(runs[i])));
  }
  return references;
}

}  // namespace dnnbench
