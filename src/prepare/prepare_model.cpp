#include "prepare/prepare_model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "core/error.h"
#include "core/sha256.h"
#include "import/read_model.h"
#include "inputs/inputs.h"
#include "machine/memory.h"
#include "machine/read_environment.h"
#include "onnx/shapes.h"
#include "prepare/activations.h"
#include "prepare/choose_sizes.h"
#include "prepare/compute_references.h"
#include "prepare/reference_session.h"
#include "prepare/same_task.h"
#include "protocol/value_file.h"
#include "results/units.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

int64_t size_with_external_data(const Model& model) {
  int64_t bytes = model.file_bytes;
  for (const std::string& file : model.external_files) {
    bytes += static_cast<int64_t>(fs::file_size(fs::path(model.path).parent_path() / file));
  }
  return bytes;
}

// An engine holds the weights, and while it loads also the file or its own packed form of them.
constexpr int64_t kMinLoadedPerByte = 2, kMaxLoadedPerByte = 3;

// Of the values within the model; 0 where nothing is known of them.
int64_t activation_bytes(const PreparedModel& prepared) {
  const SimplifiedModel& simplified = prepared.simplifier->get();
  if (!simplified.outcome.ok()) return 0;
  return peak_activation_bytes(import::read_model_file(simplified.path).graph);
}

void report_memory_needed(const PreparedModel& prepared, Progress& progress) {
  const int64_t free = free_memory_bytes(), size = prepared.size_bytes;
  const int64_t values = activation_bytes(prepared);
  if (free == 0 || (free - values) / kMaxLoadedPerByte >= size) return;
  progress.note(fmt::format(
      "{} takes an engine about {} to {} of memory ({} to {} times its size, and {} for the values "
      "within it), and {} are free.",
      fs::path(prepared.model.path).stem().string(),
      format_bytes(kMinLoadedPerByte * size + values),
      format_bytes(kMaxLoadedPerByte * size + values), kMinLoadedPerByte, kMaxLoadedPerByte,
      format_bytes(values), format_bytes(free)));
}

void report_chosen_sizes(const ResolvedShapes& shapes, Progress& progress) {
  for (const std::string& note : shapes.notes) progress.note(note);
  for (const auto& [name, dimensions] : shapes.inputs) {
    const bool all_from_model = std::all_of(
        dimensions.begin(), dimensions.end(),
        [](const ResolvedDimension& dimension) { return dimension.source == SizeSource::kModel; });
    if (!all_from_model) {
      progress.note(fmt::format("Input \"{}\": {}", name, describe(dimensions)));
    }
  }
}

bool has_branches(const Model& model) {
  return std::any_of(model.operators.begin(), model.operators.end(),
                     [](const OperatorCount& op) { return op.domain.empty() && op.type == "If"; });
}

InputSet make_set(std::vector<Value> inputs, const std::string& name, const WorkFolder& work) {
  InputSet set{std::move(inputs), work.path() + "/" + name, std::nullopt};
  write_values(set.file, set.inputs);
  return set;
}

std::vector<InputSet> make_sets(const Model& model, const InputShapes& shapes, uint64_t seed,
                                const GivenInputs& given, const WorkFolder& work) {
  std::vector<InputSet> sets;
  sets.push_back(make_set(make_inputs(model, shapes, seed, given), "inputs", work));
  if (!given.expected_outputs.empty()) sets[0].expected = given.expected_outputs;
  sets.push_back(make_set(make_other_inputs(model, shapes, seed, given), "other-inputs", work));
  return sets;
}

constexpr double kMaxBytes = 9e18;  // that int64_t holds

// nullopt where the memory that is free suffices for inputs of these shapes.
std::optional<std::string> why_too_large(const Model& model, const InputShapes& shapes) {
  const double needed = estimated_input_bytes(model, shapes);
  const int64_t free = free_memory_bytes();
  if (free == 0 || needed <= static_cast<double>(free)) return std::nullopt;
  std::vector<std::string> texts;
  for (const auto& [name, shape] : shapes) {
    texts.push_back(fmt::format("{} {}", name, shape_text(shape)));
  }
  return fmt::format(
      "inputs of these shapes ({}) take {} to make, but only {} of memory are free; give smaller "
      "ones with --shape",
      fmt::join(texts, ", "), format_bytes(static_cast<int64_t>(std::min(needed, kMaxBytes))),
      format_bytes(free));
}

// A reference that is wrong judges nothing. Outputs that the user gave are right by definition.
void check_reference(PreparedModel& prepared, const std::vector<InputSet>& sets,
                     const RunOptions& options, const WorkFolder& work, Progress& progress) {
  if (!prepared.examinations.back().reference.unverifiable.empty()) return;
  LoadConfig load = prepared.load;
  load.precise_integers = may_overflow(prepared.model, read_environment());
  prepared.reference_check = std::make_shared<ReferenceCheck>(
      std::move(load), sets, prepared.simplifier, options.seed, options.timeout_s, work, progress);
  prepared.second_opinion = prepared.reference_check->sample(sets.size() - 1);
  if (prepared.second_opinion->reference != ReferenceState::kWrong) return;
  for (Examination& examination : prepared.examinations) {
    Reference& reference = examination.reference;
    if (!reference.expected) reference.unverifiable = why_wrong(*prepared.second_opinion);
  }
  progress.note(why_wrong(*prepared.second_opinion));
}

// The user's command judges the f32 outputs once for all.
void score_f32(const RunOptions& options, AccuracySamples& samples) {
  if (!options.metric_command || samples.held_out.empty()) return;
  std::vector<int64_t> places;
  std::vector<const std::vector<Value>*> outputs;
  for (const HeldOutSample& sample : samples.held_out) {
    places.push_back(sample.place);
    outputs.push_back(&sample.f32);
  }
  samples.metric = std::make_shared<MetricCommand>(*options.metric_command, std::move(places),
                                                   options.labels.value_or(""), options.timeout_s);
  samples.f32_scores = samples.metric->scores(outputs);
}

// The user's samples; without any, generated inputs, held out those that engines are timed with.
AccuracySamples make_samples(const RunOptions& options, const PreparedModel& prepared,
                             const GivenInputs& given, const std::vector<InputSet>& sets,
                             const WorkFolder& work) {
  constexpr uint64_t kGenerated = 4;
  const InputShapes& shapes = prepared.load.input_shapes;
  AccuracySamples samples;
  if (options.calibration) {
    std::vector<InputSample> read = read_samples(prepared.model, shapes, *options.calibration);
    std::vector<std::vector<int64_t>> labels;
    if (options.labels && !options.metric_command) {
      labels = read_labels(*options.labels, read.size());
    }
    try {
      samples = split_samples(std::move(read), labels, prepared.load, options.timeout_s, work);
    } catch (const EngineEnded&) {
      // Without f32 outputs nothing is known of a variant's accuracy.
    }
    samples.given = true;
    score_f32(options, samples);
    return samples;
  }
  for (uint64_t i = 0; i < kGenerated; ++i) {
    samples.calibration.push_back(
        make_inputs(prepared.model, shapes, options.seed + sets.size() + i, given));
  }
  for (size_t i = 0; i < sets.size(); ++i) {
    const Reference& reference = prepared.examinations[i].reference;
    if (!reference.unverifiable.empty()) continue;
    samples.held_out.push_back({0, sets[i].inputs, reference.outputs, {}});
  }
  return samples;
}

// Beside a model in f16 or bf16, whose own probes don't show what its rounding does.
void probe_in_f32(PreparedModel& prepared, const std::set<ToleranceClass>& judged_by,
                  double timeout_s, const WorkFolder& work, Progress& progress) {
  std::vector<InputSet> sets;
  for (const Examination& examination : prepared.examinations) {
    sets.push_back({read_values(examination.inputs_file), examination.inputs_file, std::nullopt});
  }
  std::vector<Reference> probed =
      compute_references(prepared.model, prepared.load, sets, judged_by, timeout_s, work, progress);
  for (size_t i = 0; i < sets.size(); ++i) {
    Reference& reference = prepared.examinations[i].reference;
    reference.sensitivity = std::move(probed[i].sensitivity);
    reference.coarse = std::move(probed[i].coarse);
    reference.probed_class = probed[i].probed_class;
  }
}

}  // namespace

std::optional<std::string> why_not_accepted(const Model& model, const InputShapes& shapes,
                                            const GivenInputs& given, const WorkFolder& work) {
  if (const auto reason = why_too_large(model, shapes)) return reason;
  LoadConfig config;
  config.model_path = model.path;
  config.input_shapes = shapes;
  config.optimize = false;
  const std::string file = work.path() + "/shapes";
  write_values(file, make_inputs(model, shapes, 0, given));
  try {
    EngineSession session = reference_session(work, "shapes");
    session.load(config);
    session.set_inputs(file);
    session.run();
    return std::nullopt;
  } catch (const EngineEnded& ended) {
    return ended.what();
  }
}

ResolvedShapes fix_shapes(const Model& model, const InputShapes& user_shapes,
                          const GivenInputs& given, const WorkFolder& work,
                          std::optional<int64_t> batch) {
  return choose_sizes(
      model, given_shapes(model, given, user_shapes),
      [&](const InputShapes& shapes) { return why_not_accepted(model, shapes, given, work); },
      batch);
}

PreparedModel prepare_model(const RunOptions& options, Model read, std::optional<int64_t> batch,
                            int threads, const WorkFolder& work, Progress& progress,
                            const std::set<ToleranceClass>& judged_by) {
  PreparedModel prepared;
  prepared.model = std::move(read);
  const Model& model = prepared.model;
  prepared.size_bytes = size_with_external_data(model);
  prepared.sha256 = sha256_of_file(model.path);

  const GivenInputs given = read_given_inputs(model, options.inputs, options.test_data);
  const ResolvedShapes shapes = fix_shapes(model, options.shapes, given, work, batch);
  report_chosen_sizes(shapes, progress);
  if (const auto reason = why_too_large(model, shapes.sizes())) throw Error(*reason);

  prepared.load.model_path = fs::absolute(model.path).string();
  prepared.load.threads = threads;
  prepared.load.input_shapes = shapes.sizes();

  const std::vector<InputSet> sets =
      make_sets(model, prepared.load.input_shapes, options.seed, given, work);
  prepared.simplifier = std::make_shared<ModelSimplifier>(prepared.load, sets[0].inputs, given,
                                                          options.timeout_s, work);
  if (has_branches(model)) prepared.load.inlined_path = prepared.simplifier->get().inlined_path;
  report_memory_needed(prepared, progress);
  std::vector<Reference> references =
      compute_references(model, prepared.load, sets, judged_by, options.timeout_s, work, progress);
  for (size_t i = 0; i < sets.size(); ++i) {
    prepared.examinations.push_back({sets[i].file, std::move(references[i])});
  }
  check_reference(prepared, sets, options, work, progress);
  if (options.variants) {
    prepared.samples =
        std::make_shared<const AccuracySamples>(make_samples(options, prepared, given, sets, work));
  }
  return prepared;
}

PreparedModel prepare_other_model(const RunOptions& options, Model read, const PreparedModel& first,
                                  const WorkFolder& work, Progress& progress,
                                  const std::set<ToleranceClass>& judged_by) {
  PreparedModel prepared;
  prepared.model = std::move(read);
  const Model& model = prepared.model;
  require_same_task(first.model, model);
  require_shapes(model, first.load.input_shapes);
  prepared.size_bytes = size_with_external_data(model);
  prepared.sha256 = sha256_of_file(model.path);
  prepared.load = first.load;
  prepared.load.model_path = fs::absolute(model.path).string();
  prepared.load.inlined_path.clear();
  prepared.load.original_fails = false;
  const GivenInputs given = read_given_inputs(model, options.inputs, options.test_data);
  prepared.simplifier = std::make_shared<ModelSimplifier>(
      prepared.load, read_values(first.examinations.at(0).inputs_file), given, options.timeout_s,
      work);
  if (has_branches(model)) prepared.load.inlined_path = prepared.simplifier->get().inlined_path;
  prepared.examinations = first.examinations;
  prepared.reference_check = first.reference_check;
  prepared.second_opinion = first.second_opinion;
  prepared.samples = first.samples;
  if (is_half(class_of_model(first.model)) && class_of_model(model) == ToleranceClass::kF32) {
    probe_in_f32(prepared, judged_by, options.timeout_s, work, progress);
  }
  for (Examination& examination : prepared.examinations) {
    Reference& reference = examination.reference;
    reference.model_class = std::max(reference.model_class, class_of_model(model));
    if (model.random_operators.empty() || !reference.unverifiable.empty()) continue;
    reference.unverifiable =
        fmt::format("The model draws random numbers: {}.", fmt::join(model.random_operators, ", "));
  }
  return prepared;
}

}  // namespace dnnbench
