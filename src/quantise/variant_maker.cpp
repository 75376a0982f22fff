#include "quantise/variant_maker.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <filesystem>

#include "prepare/compute_references.h"
#include "process/engine_session.h"
#include "process/simplifier_process.h"
#include "protocol/value_file.h"
#include "quantise/dynamic_int8.h"
#include "quantise/upgrade.h"
#include "verify/verify.h"

namespace dnnbench::quantise {
namespace {

namespace fs = std::filesystem;

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

int64_t own_peak_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return int64_t{1024} * usage.ru_maxrss;
}

WorkerOptions reference_worker(const WorkFolder& work, double timeout_s) {
  WorkerOptions worker;
  worker.engine = "onnxruntime";
  worker.log_path = work.path() + "/calibration.log";
  worker.timeout_s = timeout_s;
  return worker;
}

// In the samples' order; a value's own range includes that of every sample.
void include(const std::vector<Value>& outputs, Ranges& ranges) {
  std::map<std::string, double> ends;
  for (const Value& output : outputs) {
    if (output.kind != Value::Kind::kTensor || output.tensor().type != DataType::kFloat32 ||
        output.tensor().element_count() != 1) {
      continue;
    }
    ends[output.name] = to_doubles(output.tensor())[0];
  }
  for (const auto& [name, low] : ends) {
    if (!name.ends_with(kMin)) continue;
    const std::string value = name.substr(0, name.size() - std::string(kMin).size());
    const auto high = ends.find(value + kMax);
    if (high != ends.end()) ranges[value].include(low, high->second);
  }
}

}  // namespace

LoadConfig VariantMaker::load_of(const std::string& path) const {
  LoadConfig load = f32_.load;
  load.model_path = path;
  load.inlined_path.clear();
  load.original_fails = false;
  return load;
}

// Engines fold constants, fuse batch normalisation and the like by themselves; a quantised model
// must be so before, or its scales stand in the way.
const std::string& VariantMaker::simplified() {
  if (!simplified_path_.empty()) return simplified_path_;
  const std::string path = work_.path() + "/to-quantise.onnx";
  SimplifierProcess simplifier(work_.path() + "/simplify-to-quantise.log", timeout_s_);
  LoadConfig config = f32_.load;
  if (!config.inlined_path.empty()) config.model_path = config.inlined_path;
  config.inlined_path.clear();
  simplifier.simplify(config, path, true);
  keep_peak(simplifier.peak_rss_bytes());
  simplified_path_ = path;
  EditableModel model = open_model(path, f32_.load.model_path);
  if (model.opset < kOpsetOfQuantisation) require_same_outputs(open());
  return simplified_path_;
}

EditableModel VariantMaker::open() {
  EditableModel model = open_model(simplified_path_, f32_.load.model_path);
  upgrade(model);
  return model;
}

// Simplified and upgraded, the model must still compute what the original does.
void VariantMaker::require_same_outputs(EditableModel model) {
  const std::string path = work_.path() + "/upgraded.onnx";
  write_model(model, path);
  EngineSession session(reference_worker(work_, timeout_s_), work_.path());
  LoadConfig plain = load_of(path);
  plain.optimize = false;
  session.load(plain);
  for (const Examination& examination : f32_.examinations) {
    session.set_inputs(examination.inputs_file);
    session.run();
    const Verification found = verify(examination.reference, session.outputs());
    if (found.verdict != Verdict::kWrong) continue;
    throw Error("in opset 13 the model computes something else: " + found.reason);
  }
  fs::remove(path);
}

Ranges VariantMaker::calibrate(EditableModel model, const Plan& plan, VariantFacts& facts) {
  add_range_outputs(model, plan);
  const std::string path = work_.path() + "/to-calibrate.onnx";
  write_model(model, path);
  EngineSession session(reference_worker(work_, timeout_s_), work_.path());
  session.load(load_of(path));
  Ranges ranges;
  const std::string file = work_.path() + "/calibration-sample";
  for (const InputSample& sample : f32_.samples->calibration) {
    progress_.step("int8", fmt::format("calibrating ({} of {} samples)",
                                       ++facts.calibration_samples,
                                       f32_.samples->calibration.size()),
                   std::nullopt);
    write_values(file, sample);
    session.set_inputs(file);
    session.run();
    include(session.outputs(), ranges);
  }
  keep_peak(session.peak_rss_bytes());
  facts.calibration = f32_.samples->given ? "samples" : "generated";
  fs::remove(path);
  return ranges;
}

VariantFacts VariantMaker::write(const std::string& precision, const std::string& path) {
  VariantFacts facts;
  simplified();
  EditableModel model = open();
  int64_t all_products = 0;
  for (const EditableNode& node : model.nodes) all_products += is_product(model, node) ? 1 : 0;
  if (precision == "int8") {
    const Plan plan = make_plan(model);
    if (!plan.products.empty()) {
      write_static_int8(model, plan, calibrate(open(), plan, facts));
    }
    facts.products = static_cast<int64_t>(plan.products.size());
  } else {
    facts.products = static_cast<int64_t>(write_dynamic_int8(model));
  }
  facts.products_in_f32 = all_products - facts.products;
  if (facts.products == 0) {
    throw Unsupported(fmt::format("the model has no {} with constant f32 weights, so {} would "
                                  "change nothing",
                                  precision == "int8" ? "Conv, Gemm or MatMul" : "Gemm or MatMul",
                                  precision));
  }
  write_model(model, path);
  facts.size_bytes = static_cast<int64_t>(fs::file_size(path));
  return facts;
}

PreparedModel VariantMaker::make(const std::string& precision) {
  PreparedModel variant = f32_;
  const std::string path = work_.path() + "/" + precision + ".onnx";
  const double start_s = now_s();
  progress_.step(precision, "quantising the model", std::nullopt);
  VariantFacts facts;
  try {
    facts = write(precision, path);
  } catch (const EngineEnded& ended) {
    facts.outcome = ended.outcome;
  } catch (const Unsupported& unsupported) {
    facts.outcome = {OutcomeKind::kUnsupported, unsupported.what()};
  } catch (const Error& error) {
    facts.outcome = {OutcomeKind::kFailed, error.what()};
  } catch (const std::bad_alloc&) {
    facts.outcome = {OutcomeKind::kOutOfMemory, "quantising needs more memory than there is"};
  }
  facts.make_s = now_s() - start_s;
  keep_peak(own_peak_bytes());
  facts.make_peak_bytes = peak_bytes_;
  if (!facts.outcome.ok()) {
    facts.outcome.reason =
        fmt::format("the {} model can't be made: {}", precision, facts.outcome.reason);
  }
  variant.variant = facts;
  if (!facts.outcome.ok()) return variant;
  variant.load = load_of(path);
  std::vector<InputSet> sets;
  for (const Examination& examination : f32_.examinations) {
    sets.push_back({read_values(examination.inputs_file), examination.inputs_file, std::nullopt});
  }
  std::vector<Reference> references = compute_references(read_model(path), variant.load, sets,
                                                         timeout_s_, work_, progress_);
  for (size_t i = 0; i < references.size(); ++i) {
    variant.examinations[i].reference = std::move(references[i]);
  }
  return variant;
}

}  // namespace dnnbench::quantise
