#include "measure/describe.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <random>
#include <utility>

#include "core/error.h"
#include "run/names.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

std::string now_utc() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

std::string random_id() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

}  // namespace

ModelFacts model_facts(const PreparedModel& prepared) {
  ModelFacts facts;
  facts.path = fs::absolute(prepared.model.path).string();
  facts.size_bytes = prepared.size_bytes;
  facts.sha256 = prepared.sha256;
  for (const ModelValue& input : prepared.model.inputs) facts.input_names.push_back(input.name);
  facts.input_shapes = prepared.load.input_shapes;
  return facts;
}

RunFacts start_run(const Environment& environment, std::optional<GpuFacts> gpu) {
  return {random_id(), now_utc(), environment, std::move(gpu)};
}

int threads_of(const Candidate& candidate, int cores) {
  return candidate.threads.value_or(std::max(1, cores / std::max(1, candidate.streams)));
}

Subject describe(const RunOptions& options, const RunFacts& run, const PreparedModel& prepared,
                 const Candidate& candidate, const std::string& label, int cores,
                 const std::set<std::string>& taken) {
  Subject subject;
  subject.model = model_facts(prepared);
  subject.candidate = candidate;
  subject.variant = prepared.variant;
  subject.threads = threads_of(candidate, cores);
  subject.label = label;
  const std::vector<std::string>& inputs = subject.model.input_names;
  subject.backend_meta = backend_meta_of(options, candidate, inputs);
  subject.settings = settings_of(options, candidate, inputs);
  subject.mode = mode_of(options);
  subject.number = number_of(options);
  subject.repeat = repeat_of(options);
  subject.seed = options.seed;
  subject.environment = run.environment;
  if (candidate.device == "gpu") subject.gpu = run.gpu;
  subject.instance = options.instance.value_or(run.environment.instance);
  subject.run_id = run.run_id;
  subject.started_at = run.started_at;
  const fs::path folder = fs::absolute(options.output);
  const auto path_of = [&](const std::string& stem) {
    return (folder / (stem + ".json")).string();
  };
  std::string stem =
      free_result_stem(folder.string(), prepared.sha256, candidate, subject.backend_meta);
  if (taken.count(path_of(stem)) > 0) {
    stem = result_stem_with_hash(prepared.sha256, candidate, subject.backend_meta);
  }
  if (taken.count(path_of(stem)) > 0) {
    throw UsageError(fmt::format(
        "{} has the name and the content of another model of this run, so their results "
        "would have the same names; rename one",
        candidate.model_path));
  }
  subject.log_path = stem + ".log";
  subject.output_path = path_of(stem);
  return subject;
}

}  // namespace dnnbench
