#include "measure/engine_loader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "core/commands.h"
#include "measure/on_device.h"

namespace dnnbench {

EngineLoader::EngineLoader(const RunOptions& options, const PreparedModel& prepared,
                           const EngineSetup& setup, const WorkFolder& work, Step step)
    : options_(options), prepared_(prepared), setup_(setup), work_(work), step_(std::move(step)) {}

double EngineLoader::load(EngineSession& session, LoadFacts& facts) const {
  const Hello hello = session.hello(greeting_of(setup_.candidate));
  facts.engine_version = hello.version;
  require_version(hello.version);
  LoadConfig config = prepared_.load;
  config.provider = setup_.candidate.provider;
  config.precision = setup_.candidate.precision;
  config.threads = setup_.threads;
  if (setup_.gpu != nullptr) {
    config.device = "gpu";
    config.gpu_uuid = setup_.gpu->facts->device.uuid;
    config.io = setup_.candidate.io;
    config.cuda_graph = setup_.candidate.cuda_graph;
  }
  if (hello.tunes) config.tune_budget_s = options_.tune_budget_s;
  if (hello.imports) import(config);
  if (hello.compiles_ahead) {
    step_(fmt::format("loading; it may compile the model first (at most {:g} s)",
                      options_.timeout_s + config.tune_budget_s));
  }
  const Loaded loaded = session.load(config);
  const std::string why_not =
      setup_.gpu == nullptr ? "" : why_not_a_gpu_result(loaded.in_force.placement);
  if (!why_not.empty()) throw EngineEnded({OutcomeKind::kUnsupported, why_not});
  if (!facts.in_force) keep_facts(config, hello, loaded, facts);
  return loaded.compile_s.value_or(0) + loaded.tune_s.value_or(0);
}

// What the library says of itself, not the path that it was loaded from.
void EngineLoader::require_version(const std::string& in_force) const {
  const Candidate& asked = setup_.candidate;
  if (asked.engine_version.empty() || asked.engine_version == in_force) return;
  throw EngineEnded(
      {OutcomeKind::kUnsupported,
       fmt::format("version {} was asked for, and the library is {}; {} with --{}={} fetches that "
                   "version and builds what it needs",
                   asked.engine_version, in_force, bench_name(), asked.engine,
                   asked.engine_version)});
}

void EngineLoader::import(LoadConfig& config) const {
  const SimplifiedModel& simplified = prepared_.simplifier->get();
  if (!simplified.outcome.ok()) throw EngineEnded(simplified.outcome);
  config.simplified_path = simplified.path;
  config.bound_inputs_file = simplified.bound_inputs_file;
}

void EngineLoader::keep_facts(const LoadConfig& config, const Hello& hello, const Loaded& loaded,
                              LoadFacts& facts) const {
  facts.load_s = loaded.load_s;
  facts.compile_s = loaded.compile_s;
  facts.tune_s = loaded.tune_s;
  facts.in_force = loaded.in_force;
  if (facts.in_force->precision.empty()) inspect(config, *facts.in_force);
  if (!hello.imports) return;
  const SimplifiedModel& simplified = prepared_.simplifier->get();
  facts.convert_s = simplified.simplify_s + loaded.convert_s;
  if (!simplified.bound.empty()) {
    facts.in_force->settings["bound_inputs"] = fmt::format("{}", fmt::join(simplified.bound, ", "));
  }
}

// In a process of its own, so that what it costs is not the measured one's.
void EngineLoader::inspect(const LoadConfig& config, InForce& in_force) const {
  WorkerOptions worker;
  worker.engine = setup_.candidate.engine;
  worker.version = setup_.candidate.engine_version;
  worker.log_path = work_.path() + "/inspect.log";
  worker.timeout_s = options_.timeout_s;
  LoadConfig inspecting = config;
  inspecting.inspect = true;
  try {
    const InForce found = EngineSession(worker, work_.path()).load(inspecting).in_force;
    in_force.precision = found.precision;
    for (const auto& [key, value] : found.settings) in_force.settings.emplace(key, value);
  } catch (const EngineEnded& ended) {
    in_force.precision = "unknown";
    in_force.settings["node_precisions"] = fmt::format("could not be read: {}", ended.what());
  }
}

}  // namespace dnnbench
