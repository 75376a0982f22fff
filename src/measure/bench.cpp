#include "measure/bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>

#include "core/error.h"
#include "core/whole_file.h"
#include "machine/read_environment.h"
#include "measure/describe.h"
#include "measure/doubt_results.h"
#include "measure/journal.h"
#include "measure/journal_key.h"
#include "measure/journaled_engine.h"
#include "measure/memory_groups.h"
#include "measure/on_device.h"
#include "measure/prepared_models.h"
#include "measure/process_engine.h"
#include "measure/rank_results.h"
#include "measure/result_logs.h"
#include "measure/rounds.h"
#include "measure/run_history.h"
#include "measure/throughput_bench.h"
#include "measure/traffic_rounds.h"
#include "process/guardian.h"
#include "process/interrupt.h"
#include "results/earlier_results.h"
#include "results/folder_lock.h"
#include "results/write_result.h"
#include "run/names.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

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
        given_surroundings_(surroundings),
        progress_(progress),
        models_(options, candidates, cores_, progress) {}

  // Goes on where an interrupted run with the same answers to everything has ended.
  Bench measure();

 private:
  void open_journal();
  Bench measure_with_journal();
  RunFacts begin_run();
  Subject subject_of(size_t index, const RunFacts& run, std::optional<int64_t> batch);
  Bench measure_in_turns();
  Bench measure_throughput();
  void measure_in_turns(const std::vector<Subject>& subjects,
                        std::vector<std::optional<Result>>& results);
  void keep_known(const std::vector<Subject>& subjects,
                  std::vector<std::optional<Result>>& results);
  void remember();
  void store(const Result& result);
  std::unique_ptr<MeasuredEngine> make_engine(const Subject& subject, const ModelAtBatch& model);
  Result finish(Subject subject, Outcome outcome, EngineFacts facts, Measured measured);
  std::unique_ptr<MeasuredEngine> make_process_engine(const Subject& subject,
                                                      const ModelAtBatch& model);
  std::optional<int64_t> first_batch(const Candidate& candidate) const;
  std::optional<std::optional<int64_t>> batch_at(const std::string& model_path, size_t index) const;
  std::optional<Result> measure_throughput_of(Subject subject, size_t index);
  ThroughputFound find_setting(const Subject& subject, size_t index);
  Subject with_setting(Subject subject, const ThroughputSetting& setting);
  std::string settings_for_traffic(const Subject& subject) const;

  const RunOptions& options_;
  const std::vector<Candidate>& candidates_;
  const std::vector<std::string> labels_;
  const Environment& environment_;
  const GpuAccess& gpu_;
  const int cores_;
  const Surroundings& given_surroundings_;
  Surroundings surroundings_;  // with the journal between
  Progress& progress_;
  PreparedModels models_;
  std::unique_ptr<Journal> journal_;
  std::set<std::string> taken_;  // paths of this run's results
  Bench bench_;
};

std::unique_ptr<MeasuredEngine> Comparison::make_engine(const Subject& subject,
                                                        const ModelAtBatch& model) {
  return std::make_unique<JournaledEngine>(
      *journal_, [this, subject, &model] { return make_process_engine(subject, model); });
}

// Throws EngineEnded where the candidate can't be measured on this machine.
std::unique_ptr<MeasuredEngine> Comparison::make_process_engine(const Subject& subject,
                                                                const ModelAtBatch& model) {
  keep_earlier(subject.output_path, log_path_of(subject));
  const std::string why_not = why_not_on_device(subject.candidate, environment_, gpu_);
  if (!why_not.empty()) throw EngineEnded({OutcomeKind::kUnsupported, why_not});
  const std::optional<VariantFacts>& variant = model.prepared.variant;
  if (variant && !variant->outcome.ok()) throw EngineEnded(variant->outcome);
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

// After all models that are known by now are prepared.
void Comparison::open_journal() {
  std::vector<const PreparedModel*> models;
  for (const Candidate& candidate : candidates_) {
    models.push_back(&models_.at(candidate.model_path, first_batch(candidate)).prepared);
  }
  const std::string key = journal_key(options_, candidates_, models, environment_, gpu_.facts);
  const std::string folder = fs::absolute(options_.output).string();
  journal_ = std::make_unique<Journal>(journal_path(folder, key), key, given_surroundings_);
  surroundings_ = journal_->surroundings();
  bench_.journal = journal_->path();
  if (journal_->blocks() == 0) return;
  progress_.note(
      fmt::format("Going on with an interrupted run, {} of which are measured; delete {} "
                  "to start over",
                  counted(static_cast<int64_t>(journal_->blocks()), "block"), journal_->path()));
}

Bench Comparison::measure() {
  open_journal();
  try {
    return measure_with_journal();
  } catch (const JournalUnfit&) {
    progress_.note("The journal does not fit this run, which starts over");
  } catch (const nlohmann::json::exception&) {
    progress_.note("The journal can't be read; the run starts over");
  }
  journal_->start_over();
  bench_ = {{}, {}, journal_->path(), {}};
  return measure_with_journal();
}

Bench Comparison::measure_with_journal() {
  Bench done = options_.throughput() != nullptr ? measure_throughput() : measure_in_turns();
  if (!surroundings_.is_interrupted()) surroundings_.commit(false);
  if (!journal_->failure().empty()) progress_.note(journal_->failure());
  return done;
}

RunFacts Comparison::begin_run() {
  taken_.clear();
  RunFacts run = start_run(environment_, gpu_.facts);
  const nlohmann::json answer =
      journal_->answer("run", [&] { return nlohmann::json{run.run_id, run.started_at}; });
  answer.at(0).get_to(run.run_id);
  answer.at(1).get_to(run.started_at);
  return run;
}

Subject Comparison::subject_of(size_t index, const RunFacts& run, std::optional<int64_t> batch) {
  const Candidate& candidate = candidates_[index];
  Subject subject =
      describe(options_, run, models_.at(candidate.model_path, batch, candidate.precision).prepared,
               candidate, labels_[index], cores_, taken_);
  taken_.insert(subject.output_path);
  // Without the folder: what a user calls that is not always UTF-8.
  fs::path file = subject.output_path;
  const nlohmann::json answer = journal_->answer(
      "files", [&] { return nlohmann::json{file.filename().string(), subject.log_path}; });
  subject.output_path = file.replace_filename(answer.at(0).get<std::string>()).string();
  answer.at(1).get_to(subject.log_path);
  return subject;
}

// Writes a result that is as complete as it will be, but for its rank.
Result Comparison::finish(Subject subject, Outcome outcome, EngineFacts facts, Measured measured) {
  remove_empty_logs(subject);
  if (!fs::exists(log_path_of(subject))) subject.log_path.clear();
  Result result =
      make_result(std::move(subject), std::move(outcome), std::move(facts), std::move(measured));
  if (options_.variants) {
    const AccuracyBounds bounds{options_.max_error, options_.max_drop};
    result.acceptance = accept(result, bounds);
    result.acceptance->bounds = bounds;
  }
  store(result);
  progress_.finished(result);
  return result;
}

// Whenever this process is killed, no half-written file stays. A full disk does not end the run:
// the table still shows what was measured.
void Comparison::store(const Result& result) {
  guard_path(unfinished_path(result.output_path));
  try {
    write_result(result);
  } catch (const Error& error) {
    std::vector<std::string>& failures = bench_.not_stored;
    const std::string sentence = error.what();
    if (std::find(failures.begin(), failures.end(), sentence) == failures.end()) {
      failures.push_back(sentence);
    }
  }
}

// The results are whole without it.
void Comparison::remember() {
  try {
    add_to_run_history(bench_.results, run_history_folder());
  } catch (const std::exception& error) {
    progress_.note(fmt::format(
        "This run's medians could not be kept in {} (they show how much two runs on this machine "
        "differ): {}",
        run_history_folder(), error.what()));
  }
}

// In latency and load mode.
Bench Comparison::measure_in_turns() {
  const RunFacts run = begin_run();
  std::vector<Subject> subjects;
  for (size_t i = 0; i < candidates_.size(); ++i) {
    subjects.push_back(subject_of(i, run, candidates_[i].batch));
  }
  std::vector<std::optional<Result>> results(candidates_.size());
  measure_in_turns(subjects, results);
  if (options_.latency() != nullptr) remember();
  for (const Result& result : bench_.results) {
    if (result.outcome.ok()) store(result);
  }
  return std::move(bench_);
}

void Comparison::measure_in_turns(const std::vector<Subject>& subjects,
                                  std::vector<std::optional<Result>>& results) {
  const ParticipantEnded ended = [&](Participant& participant) {
    results[participant.index] =
        finish(subjects[participant.index], participant.outcome, std::move(participant.facts),
               std::move(participant.measured));
  };
  Rounds rounds(options_, surroundings_, progress_, ended);
  TrafficRounds traffic(options_, surroundings_, progress_, ended);
  GroupParts parts;
  parts.make_engine = [&](size_t index) {
    const Candidate& candidate = candidates_[index];
    return make_engine(subjects[index],
                       models_.at(candidate.model_path, candidate.batch, candidate.precision));
  };
  parts.use_anchor = options_.latency() != nullptr;  // under traffic each stands for itself
  parts.measure = [&](std::vector<Participant>& participants, size_t engines, bool keep_first) {
    if (options_.traffic() != nullptr) return traffic.measure(participants);
    rounds.measure(participants, engines, keep_first);
  };
  MemoryGroups groups(candidates_, labels_, parts, surroundings_, progress_, ended);
  groups.measure_all();
  std::optional<size_t> anchor = groups.anchor();
  if (anchor && !results[*anchor]) anchor.reset();
  if (anchor) {
    anchor = static_cast<size_t>(
        std::count_if(results.begin(), results.begin() + static_cast<std::ptrdiff_t>(*anchor),
                      [](const auto& result) { return result.has_value(); }));
  }
  bench_.anchor = anchor;
  keep_known(subjects, results);
  if (options_.latency() == nullptr) return;
  rank_results(bench_.results, goal_of(options_));
  if (options_.variants) compare_with_f32(bench_.results, options_.confidence, anchor);
}

// An interrupt leaves some without a result. Nobody needs their logs.
void Comparison::keep_known(const std::vector<Subject>& subjects,
                            std::vector<std::optional<Result>>& results) {
  for (size_t i = 0; i < results.size(); ++i) {
    if (results[i]) {
      bench_.results.push_back(std::move(*results[i]));
    } else {
      remove_log(subjects[i]);
      remove_empty_logs(subjects[i]);
    }
  }
  if (bench_.results.empty()) throw Interrupted();
  for (const Result* result : doubt_results(bench_.results)) store(*result);
}

// In throughput mode: the size of batch number `index`, those that were asked for, or 1, 2, 4, ...
// where the model takes more than one.
std::optional<std::optional<int64_t>> Comparison::batch_at(const std::string& model_path,
                                                           size_t index) const {
  constexpr size_t kMaxBatches = 11;  // up to 1024
  const std::vector<int64_t>& asked = options_.throughput()->batches;
  if (index >= (asked.empty() ? kMaxBatches : asked.size())) return std::nullopt;
  if (!asked.empty()) return {asked[index]};
  if (index == 0) return std::optional<int64_t>();
  if (index == 1 && !models_.takes_batches(model_path)) return std::nullopt;
  return {int64_t{1} << index};
}

Bench Comparison::measure_throughput() {
  const RunFacts run = begin_run();
  std::vector<Subject> subjects;
  std::vector<std::optional<Result>> results(candidates_.size());
  for (size_t i = 0; i < candidates_.size(); ++i) {
    subjects.push_back(subject_of(i, run, first_batch(candidates_[i])));
    if (!surroundings_.is_interrupted()) results[i] = measure_throughput_of(subjects[i], i);
  }
  keep_known(subjects, results);
  return std::move(bench_);
}

// nullopt where an interrupt left nothing.
std::optional<Result> Comparison::measure_throughput_of(Subject subject, size_t index) {
  try {
    ThroughputFound found = find_setting(subject, index);
    remove_empty_logs(subject);
    if (found.setting) subject = with_setting(std::move(subject), *found.setting);
    if (found.measured.throughput) {
      found.measured.throughput->settings = settings_for_traffic(subject);
    }
    return finish(std::move(subject), found.outcome, std::move(found.facts),
                  std::move(found.measured));
  } catch (const Interrupted&) {
    return std::nullopt;
  }
}

std::optional<int64_t> Comparison::first_batch(const Candidate& candidate) const {
  return options_.throughput() == nullptr ? candidate.batch : *batch_at(candidate.model_path, 0);
}

ThroughputFound Comparison::find_setting(const Subject& subject, size_t index) {
  const std::string& path = subject.candidate.model_path;
  ThroughputParts parts;
  parts.batch_at = [&](size_t index) { return batch_at(path, index); };
  parts.make_engine = [&](const ThroughputSetting& setting) {
    return make_engine(with_setting(subject, setting),
                       models_.at(path, setting.candidate.batch, setting.candidate.precision));
  };
  ThroughputBench bench(options_, subject.candidate, subject.label, cores_, parts, surroundings_,
                        progress_, index, candidates_.size());
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

Bench bench(const RunOptions& options, const std::vector<Candidate>& candidates, Progress& progress,
            const Surroundings& surroundings) {
  const Environment environment = read_environment();
  const bool uses_gpu = std::any_of(candidates.begin(), candidates.end(),
                                    [](const Candidate& one) { return one.device == "gpu"; });
  const GpuAccess gpu = uses_gpu ? open_gpu(options.gpu) : GpuAccess();
  // Reads the models first: a file that is not a model leaves no folder behind.
  Comparison comparison(options, candidates, environment, gpu, surroundings, progress);
  make_results_folder(options.output);
  if (options.save_converted) make_results_folder(*options.save_converted);
  return comparison.measure();
}

}  // namespace dnnbench
