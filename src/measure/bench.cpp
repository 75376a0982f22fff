#include "measure/bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>

#include "core/error.h"
#include "machine/read_environment.h"
#include "measure/describe.h"
#include "measure/memory_groups.h"
#include "measure/prepared_models.h"
#include "measure/process_engine.h"
#include "measure/rank_results.h"
#include "measure/rounds.h"
#include "measure/throughput_bench.h"
#include "measure/traffic_rounds.h"
#include "process/guardian.h"
#include "results/write_result.h"
#include "run/names.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

void make_output_folder(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    throw Error(fmt::format("could not make the output folder {}: {}", folder, error.message()));
  }
}

// Whenever this process is killed, no half-written file stays.
void write_guarded(const Result& result) {
  guard_path(unfinished_path(result.output_path));
  write_result(result);
}

void remove_earlier_log(const Subject& subject) {
  std::error_code ignored;
  fs::remove(log_path_of(subject), ignored);
}

// Candidates that are compared, and what all of them need.
class Comparison {
 public:
  Comparison(const RunOptions& options, const std::vector<Candidate>& candidates,
             const Environment& environment, const GpuAccess& gpu, const Surroundings& surroundings,
             Progress& progress)
      : options_(options),
        candidates_(candidates),
        labels_(labels_of(candidates)),
        environment_(environment),
        gpu_(gpu),
        cores_(default_threads(environment)),
        surroundings_(surroundings),
        progress_(progress),
        models_(options, candidates, cores_, progress) {}

  std::vector<Result> measure_in_turns();
  std::vector<Result> measure_throughput();

 private:
  std::unique_ptr<MeasuredEngine> make_engine(const Subject& subject,
                                              const ModelAtBatch& model) const;
  Result finish(Subject subject, Outcome outcome, EngineFacts facts, Measured measured) const;
  std::optional<std::optional<int64_t>> batch_at(const std::string& model_path, size_t index);
  ThroughputFound find_setting(const Subject& subject);
  Subject with_setting(Subject subject, const ThroughputSetting& setting);
  std::string settings_for_traffic(const Subject& subject) const;

  const RunOptions& options_;
  const std::vector<Candidate>& candidates_;
  const std::vector<std::string> labels_;
  const Environment& environment_;
  const GpuAccess& gpu_;
  const int cores_;
  const Surroundings& surroundings_;
  Progress& progress_;
  PreparedModels models_;
  std::set<std::string> fixed_batch_;  // models that take one size of batch alone
};

// Throws EngineEnded where the candidate can't be measured on this machine.
std::unique_ptr<MeasuredEngine> Comparison::make_engine(const Subject& subject,
                                                        const ModelAtBatch& model) const {
  const std::string why_not = why_not_on_device(subject.candidate, environment_, gpu_);
  if (!why_not.empty()) throw EngineEnded({OutcomeKind::kUnsupported, why_not});
  EngineSetup setup{subject.candidate, subject.threads, subject.label, log_path_of(subject), ""};
  const bool on_gpu = subject.candidate.device == "gpu";
  if (on_gpu) setup.gpu = &gpu_;
  if (options_.save_converted) {
    const fs::path stem = fs::path(subject.output_path).stem();
    setup.converted_path = (fs::path(*options_.save_converted) / stem).string();
  }
  return std::make_unique<ProcessEngine>(options_, model.prepared, std::move(setup), *model.work,
                                         progress_, on_gpu ? kGpuTurnLengths : TurnLengths());
}

// Writes a result that is as complete as it will be, but for its rank.
Result Comparison::finish(Subject subject, Outcome outcome, EngineFacts facts,
                          Measured measured) const {
  if (!fs::exists(log_path_of(subject))) subject.log_path.clear();
  Result result =
      make_result(std::move(subject), std::move(outcome), std::move(facts), std::move(measured));
  write_guarded(result);
  progress_.finished(result);
  return result;
}

// In latency and load mode.
std::vector<Result> Comparison::measure_in_turns() {
  const auto model_of = [this](size_t index) -> const ModelAtBatch& {
    return models_.at(candidates_[index].model_path, candidates_[index].batch);
  };
  for (size_t i = 0; i < candidates_.size(); ++i) model_of(i);  // before the run starts
  const RunFacts run = start_run(environment_, gpu_.facts);
  std::vector<Subject> subjects;
  for (size_t i = 0; i < candidates_.size(); ++i) {
    subjects.push_back(
        describe(options_, run, model_of(i).prepared, candidates_[i], labels_[i], cores_));
  }
  std::vector<Result> results(candidates_.size());
  const ParticipantEnded ended = [&](Participant& participant) {
    results[participant.index] =
        finish(subjects[participant.index], participant.outcome, std::move(participant.facts),
               std::move(participant.measured));
  };
  Rounds rounds(options_, surroundings_, progress_, ended);
  TrafficRounds traffic(options_, progress_, ended);
  GroupParts parts;
  parts.make_engine = [&](size_t index) {
    remove_earlier_log(subjects[index]);
    return make_engine(subjects[index], model_of(index));
  };
  parts.use_anchor = options_.latency() != nullptr;  // under traffic each stands for itself
  parts.measure = [&](std::vector<Participant>& participants, size_t engines, bool keep_first) {
    if (options_.traffic() != nullptr) return traffic.measure(participants);
    rounds.measure(participants, engines, keep_first);
  };
  MemoryGroups groups(candidates_, labels_, parts, surroundings_, progress_, ended);
  groups.measure_all();
  if (options_.latency() != nullptr) rank_results(results, goal_of(options_), groups.anchor());
  for (const Result& result : results) {
    if (result.outcome.ok()) write_guarded(result);
  }
  return results;
}

// In throughput mode: the size of batch number `index`, those that were asked for, or 1, 2, 4, ...
// as long as the model takes them.
std::optional<std::optional<int64_t>> Comparison::batch_at(const std::string& model_path,
                                                           size_t index) {
  constexpr size_t kMaxBatches = 11;  // up to 1024
  const std::vector<int64_t>& asked = options_.throughput()->batches;
  if (index >= (asked.empty() ? kMaxBatches : asked.size())) return std::nullopt;
  if (asked.empty() && index > 0 && fixed_batch_.count(model_path) > 0) return std::nullopt;
  std::optional<int64_t> batch;
  if (!asked.empty()) {
    batch = asked[index];
  } else if (index > 0) {
    batch = int64_t{1} << index;
  }
  try {
    models_.at(model_path, batch);
  } catch (const UsageError&) {
    if (!asked.empty() || index == 0) throw;
    fixed_batch_.insert(model_path);
    return std::nullopt;
  }
  return {batch};
}

std::vector<Result> Comparison::measure_throughput() {
  for (const Candidate& candidate : candidates_) batch_at(candidate.model_path, 0);
  const RunFacts run = start_run(environment_, gpu_.facts);
  std::vector<Result> results;
  for (size_t i = 0; i < candidates_.size(); ++i) {
    const std::string& path = candidates_[i].model_path;
    const PreparedModel& prepared = models_.at(path, *batch_at(path, 0)).prepared;
    Subject subject = describe(options_, run, prepared, candidates_[i], labels_[i], cores_);
    remove_earlier_log(subject);
    ThroughputFound found = find_setting(subject);
    if (found.setting) subject = with_setting(std::move(subject), *found.setting);
    if (found.measured.throughput) {
      found.measured.throughput->settings = settings_for_traffic(subject);
    }
    results.push_back(finish(std::move(subject), found.outcome, std::move(found.facts),
                             std::move(found.measured)));
  }
  return results;
}

ThroughputFound Comparison::find_setting(const Subject& subject) {
  const std::string why_not = why_not_on_device(subject.candidate, environment_, gpu_);
  if (!why_not.empty()) return {{OutcomeKind::kUnsupported, why_not}, std::nullopt, {}, {}};
  const std::string& path = subject.candidate.model_path;
  ThroughputParts parts;
  parts.batch_at = [&](size_t index) { return batch_at(path, index); };
  parts.make_engine = [&](const ThroughputSetting& setting) {
    return make_engine(with_setting(subject, setting), models_.at(path, setting.candidate.batch));
  };
  ThroughputBench bench(options_, subject.candidate, subject.label, cores_, parts, surroundings_,
                        progress_);
  return bench.measure();
}

Subject Comparison::with_setting(Subject subject, const ThroughputSetting& setting) {
  const Candidate& candidate = setting.candidate;
  subject.candidate = candidate;
  subject.threads = threads_of(candidate, cores_);
  subject.model = model_facts(models_.at(candidate.model_path, candidate.batch).prepared);
  if (setting.index > 0) {
    fs::path log = subject.log_path;
    subject.log_path =
        log.replace_extension(fmt::format("setting{}.log", setting.index + 1)).string();
  }
  return subject;
}

// What a run in load mode calls the setting found: threads only where they aren't the cores' share.
std::string Comparison::settings_for_traffic(const Subject& subject) const {
  RunOptions options = options_;
  options.mode = TrafficOptions();
  Candidate candidate = subject.candidate;
  if (candidate.batch == 1) candidate.batch.reset();
  if (subject.threads == std::max(1, cores_ / candidate.streams)) candidate.threads.reset();
  return settings_of(options, candidate, subject.model.input_names);
}

}  // namespace

std::vector<Result> bench(const RunOptions& options, const std::vector<Candidate>& candidates,
                          Progress& progress, const Surroundings& surroundings) {
  const Environment environment = read_environment();
  const bool uses_gpu = std::any_of(candidates.begin(), candidates.end(),
                                    [](const Candidate& one) { return one.device == "gpu"; });
  const GpuAccess gpu = uses_gpu ? open_gpu(options.gpu) : GpuAccess();
  // Reads the models first: a file that is not a model leaves no folder behind.
  Comparison comparison(options, candidates, environment, gpu, surroundings, progress);
  make_output_folder(options.output);
  if (options.save_converted) make_output_folder(*options.save_converted);
  if (options.throughput() != nullptr) return comparison.measure_throughput();
  return comparison.measure_in_turns();
}

}  // namespace dnnbench
