#include "quantise/variant_maker.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "core/clock.h"
#include "machine/read_environment.h"
#include "prepare/compute_references.h"
#include "prepare/reference_session.h"
#include "process/simplifier_process.h"
#include "protocol/value_file.h"
#include "quantise/dynamic_int8.h"
#include "quantise/quantised_weights.h"
#include "quantise/upgrade.h"
#include "verify/accuracy.h"
#include "verify/verify.h"

namespace dnnbench::quantise {
namespace {

namespace fs = std::filesystem;

constexpr double kMargin = 0.8;  // of the bound: samples that were not calibrated on differ more
constexpr size_t kSearchSamples = 4;

int64_t own_peak_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return int64_t{1024} * usage.ru_maxrss;
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

// None of all products with constant weights is in 8 bits.
std::string why_no_product(const std::string& precision, int64_t all_products) {
  if (precision == "int8" && all_products > 0) {
    return "with the calibration samples the inputs of its Conv, Gemm and MatMul are always 0 or "
           "not finite, so they have no range to quantise them with";
  }
  return fmt::format("the model has no {} with constant f32 weights, so {} would change nothing",
                     precision == "int8" ? "Conv, Gemm or MatMul" : "Gemm or MatMul", precision);
}

}  // namespace

VariantMaker::VariantMaker(const PreparedModel& f32, std::optional<double> max_error,
                           double timeout_s, const WorkFolder& work, Progress& progress,
                           const std::string& cache)
    : f32_(f32),
      max_error_(max_error),
      timeout_s_(timeout_s),
      largest_weight_(largest_weight(read_environment())),
      work_(work),
      simplifier_folder_(work.path()),
      progress_(progress) {
  if (!cache.empty()) cache_.emplace(cache);
}

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
  const double start_s = monotonic_s();
  const std::string path = simplifier_folder_.path() + "/to-quantise.onnx";
  SimplifierProcess simplifier(simplifier_folder_.path(), timeout_s_);
  LoadConfig config = f32_.load;
  if (!config.inlined_path.empty()) config.model_path = config.inlined_path;
  config.inlined_path.clear();
  simplifier.simplify(config, path, true);
  keep_peak(simplifier.peak_rss_bytes());
  const EditableModel model = open_model(path, f32_.load.model_path);
  if (model.opset < kOpsetOfQuantisation) require_same_outputs(open());
  simplify_s_ = monotonic_s() - start_s;
  simplified_path_ = path;
  return simplified_path_;
}

EditableModel VariantMaker::open() {
  EditableModel model =
      open_model(simplifier_folder_.path() + "/to-quantise.onnx", f32_.load.model_path);
  upgrade(model);
  return model;
}

// Simplified and upgraded, the model must still compute what the original does.
void VariantMaker::require_same_outputs(EditableModel model) {
  const std::string path = work_.path() + "/upgraded.onnx";
  write_model(model, path);
  EngineSession session = reference_session(work_, "calibration", timeout_s_);
  LoadConfig plain = load_of(path);
  plain.optimize = false;
  session.load(plain);
  for (const Examination& examination : f32_.examinations) {
    const Verification found =
        verify(examination.reference, run_once(session, examination.inputs_file));
    if (found.verdict != Verdict::kWrong) continue;
    throw Error("in opset 13 the model computes something else: " + found.reason);
  }
  fs::remove(path);
}

Plan VariantMaker::plan_of(const EditableModel& model,
                           const std::set<std::string>& kept_in_f32) const {
  Plan plan = make_plan(model, kept_in_f32);
  plan.largest_weight = largest_weight_;
  return plan;
}

Ranges VariantMaker::calibrate(EditableModel model, const Plan& plan, VariantFacts& facts) {
  add_range_outputs(model, plan);
  const std::string path = work_.path() + "/to-calibrate.onnx";
  write_model(model, path);
  EngineSession session = reference_session(work_, "calibration", timeout_s_);
  session.load(load_of(path));
  Ranges ranges;
  const std::string file = work_.path() + "/calibration-sample";
  for (const InputSample& sample : f32_.samples->calibration) {
    progress_.step("int8",
                   fmt::format("calibrating ({} of {} samples)", ++facts.calibration_samples,
                               f32_.samples->calibration.size()),
                   std::nullopt);
    write_values(file, sample);
    include(run_once(session, file), ranges);
  }
  keep_peak(session.peak_rss_bytes());
  facts.calibration = f32_.samples->given ? "samples" : "generated";
  fs::remove(path);
  return ranges;
}

// Everything in int8; where that costs too much, all but the fewest products that cost most.
void VariantMaker::write_int8(const std::string& path, VariantFacts& facts) {
  const Plan all = plan_of(open());
  if (all.products.empty()) return;
  if (f32_.samples->calibration.empty()) {
    throw Error("there is nothing to calibrate with, because the reference can't run the model");
  }
  const Ranges ranges = calibrate(open(), all, facts);
  facts.products = static_cast<int64_t>(write_keeping({}, 0, path, ranges));
  const bool search = max_error_ && f32_.samples->given;
  if (!search || error_on_calibration(path) <= kMargin * *max_error_) return;
  const std::vector<std::string> noisiest = by_noise(open(), all, ranges);
  const size_t kept = fewest_in_f32(noisiest, path, ranges);
  facts.products = static_cast<int64_t>(write_keeping(noisiest, kept, path, ranges));
  facts.kept_in_f32.assign(noisiest.begin(), noisiest.begin() + static_cast<ptrdiff_t>(kept));
}

// The first outputs of the products that can be in int8, the one whose own rounding to 8 bits
// changes it most first.
std::vector<std::string> VariantMaker::by_noise(EditableModel model, const Plan& plan,
                                                const Ranges& ranges) {
  progress_.step("int8", "finding out which operators 8 bits spoil", std::nullopt);
  add_noise_outputs(model, plan, ranges);
  const std::string path = work_.path() + "/noise.onnx";
  write_model(model, path);
  const auto outputs =
      outputs_of({&f32_.samples->calibration[0]}, load_of(path), timeout_s_, work_);
  std::map<std::string, double> energy;
  const std::set<std::string> asked(model.more_outputs.begin(), model.more_outputs.end());
  for (const Value& output : outputs[0]) {
    if (asked.contains(output.name)) energy[output.name] = to_doubles(output.tensor())[0];
  }
  fs::remove(path);
  return noisiest_first(energy);
}

// How many of the noisiest must stay in f32: found by halving, as if each more made it better. 0
// where not even one product in int8 is good enough: then all are, and it is not accepted.
size_t VariantMaker::fewest_in_f32(const std::vector<std::string>& noisiest,
                                   const std::string& path, const Ranges& ranges) {
  size_t too_few = 0, enough = noisiest.size();
  while (enough - too_few > 1) {
    const size_t kept = (too_few + enough) / 2;
    progress_.step("int8",
                   fmt::format("trying it with {} of {} products in f32", kept, noisiest.size()),
                   std::nullopt);
    write_keeping(noisiest, kept, path, ranges);
    (error_on_calibration(path) <= kMargin * *max_error_ ? enough : too_few) = kept;
  }
  return enough == noisiest.size() ? 0 : enough;
}

// Returns how many products are in int8.
size_t VariantMaker::write_keeping(const std::vector<std::string>& noisiest, size_t kept,
                                   const std::string& path, const Ranges& ranges) {
  EditableModel model = open();
  const Plan plan =
      plan_of(model, {noisiest.begin(), noisiest.begin() + static_cast<ptrdiff_t>(kept)});
  const size_t products = write_static_int8(model, plan, ranges);
  write_model(model, path);
  return products;
}

// The largest error of the first calibration samples.
double VariantMaker::error_on_calibration(const std::string& path) {
  std::vector<const InputSample*> samples;
  for (const InputSample& sample : f32_.samples->calibration) {
    if (samples.size() < kSearchSamples) samples.push_back(&sample);
  }
  if (expected_.empty()) {
    LoadConfig plain = f32_.load;
    plain.optimize = false;
    expected_ = outputs_of(samples, plain, timeout_s_, work_);
  }
  const auto outputs = outputs_of(samples, load_of(path), timeout_s_, work_);
  double largest = 0;
  for (size_t i = 0; i < outputs.size(); ++i) {
    largest = std::max(largest, error_of(expected_[i], outputs[i]));
  }
  return largest;
}

VariantFacts VariantMaker::write(const std::string& precision, const std::string& path) {
  VariantFacts facts;
  simplified();
  EditableModel model = open();
  int64_t all_products = 0;
  for (const EditableNode& node : model.nodes) all_products += is_product(model, node) ? 1 : 0;
  if (precision == "int8") {
    write_int8(path, facts);
  } else {
    facts.products = static_cast<int64_t>(write_dynamic_int8(model, largest_weight_));
    write_model(model, path);
  }
  facts.products_in_f32 = all_products - facts.products;
  if (facts.products == 0) throw Unsupported(why_no_product(precision, all_products));
  facts.size_bytes = static_cast<int64_t>(fs::file_size(path));
  return facts;
}

// What write gives, with what it took.
VariantFacts VariantMaker::find_or_write(const std::string& precision, const std::string& path) {
  std::string key;
  if (cache_) {
    key = VariantCache::key_of(f32_, precision, max_error_, largest_weight_);
    if (const auto found = cache_->find(key, path)) return *found;
  }
  const double start_s =
      monotonic_s() - simplify_s_;  // of an earlier form, which this one needs too
  VariantFacts facts = write(precision, path);
  facts.make_s = monotonic_s() - start_s;
  keep_peak(own_peak_bytes());
  facts.make_peak_bytes = peak_bytes_;
  if (cache_) cache_->store(key, path, facts);
  return facts;
}

PreparedModel VariantMaker::make(const std::string& precision) {
  PreparedModel variant = f32_;
  const std::string path = work_.path() + "/" + precision + ".onnx";
  progress_.step(precision, "quantising the model", std::nullopt);
  VariantFacts facts;
  try {
    facts = find_or_write(precision, path);
  } catch (const EngineEnded& ended) {
    facts.outcome = ended.outcome;
  } catch (const Unsupported& unsupported) {
    facts.outcome = {OutcomeKind::kUnsupported, unsupported.what()};
  } catch (const Error& error) {
    facts.outcome = {OutcomeKind::kFailed, error.what()};
  } catch (const std::bad_alloc&) {
    facts.outcome = {OutcomeKind::kOutOfMemory, "quantising needs more memory than there is"};
  }
  if (!facts.outcome.ok()) {
    facts.outcome.reason =
        fmt::format("the {} model can't be made: {}", precision, facts.outcome.reason);
  }
  variant.variant = facts;
  if (!facts.outcome.ok()) return variant;
  variant.load = load_of(path);
  variant.simplifier = std::make_shared<ModelSimplifier>(*f32_.simplifier, variant.load, work_);
  std::vector<InputSet> sets;
  for (const Examination& examination : f32_.examinations) {
    sets.push_back({read_values(examination.inputs_file), examination.inputs_file, std::nullopt});
  }
  std::vector<Reference> references =
      compute_references(read_model(path), variant.load, sets, {}, timeout_s_, work_, progress_);
  // The quantised model has a reference of its own, by the same library.
  const std::optional<SecondOpinion> on_f32 = std::exchange(variant.second_opinion, std::nullopt);
  variant.reference_check.reset();
  for (size_t i = 0; i < references.size(); ++i) {
    variant.examinations[i].reference = std::move(references[i]);
    if (on_f32 && on_f32->reference == ReferenceState::kWrong) {
      variant.examinations[i].reference.unverifiable = why_wrong(*on_f32);
    }
  }
  return variant;
}

}  // namespace dnnbench::quantise
