#include "cli/engine_flags.h"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "cli/command_line.h"
#include "cli/help_text.h"
#include "measure/on_device.h"
#include "process/engine_session.h"
#include "process/work_folder.h"

namespace dnnbench {
namespace {

Candidate engine(const std::string& backend, const std::string& folder,
                 const std::string& provider = "") {
  Candidate candidate;
  candidate.backend = backend;
  candidate.engine = folder;
  candidate.provider = provider;
  return candidate;
}

void add_once(std::vector<Candidate>& candidates, const Candidate& candidate) {
  if (std::find(candidates.begin(), candidates.end(), candidate) == candidates.end()) {
    candidates.push_back(candidate);
  }
}

// Whether the help text says so. A new engine is not in it; setup/usage.sh looks into its folder.
bool takes_versions(const EngineFlag& flag) {
  static const std::map<std::string, std::string> kKinds = value_kinds("run");
  const auto kind = kKinds.find(flag.flag);
  return kind == kKinds.end() || kind->second == "[=VERSIONS]";
}

bool is_unable(const Candidate& candidate, const WorkFolder& work, double timeout_s) {
  if (!engine_is_built(candidate.engine)) return false;
  try {
    greet(candidate.engine, work, greeting_of(candidate), timeout_s);
  } catch (const EngineEnded& ended) {
    return ended.outcome.kind == OutcomeKind::kUnsupported;
  }
  return false;
}

// "" is the one that this build has.
std::vector<std::string> versions_of(const EngineFlag& flag) {
  std::vector<std::string> versions;
  for (const std::string& given : flag.given) {
    if (given == "true") continue;
    std::istringstream list(given);
    for (std::string version; std::getline(list, version, ',');) versions.push_back(version);
  }
  if (versions.empty()) versions.emplace_back();
  return versions;
}

}  // namespace

std::vector<EngineFlag> engine_flags() {
  std::vector<EngineFlag> flags{
      {"--onnxruntime", engine("onnxruntime", "onnxruntime")},
      {"--openvino", engine("openvino", "openvino")},
      {"--pytorch", engine("pytorch", "pytorch")},
      {"--tf", engine("tf", "tensorflow")},
      {"--tvm", engine("tvm", "tvm")},
      {"--nuphar", engine("tvm", "tvm")},
      {"--ort-cuda", engine("onnxruntime", "onnxruntime-gpu", "cuda")},
      {"--ort-tensorrt", engine("onnxruntime", "onnxruntime-gpu", "tensorrt")},
      {"--ort-openvino", engine("onnxruntime", "onnxruntime-openvino", "openvino")},
      {"--tensorrt", engine("tensorrt", "tensorrt")},
  };
  std::set<std::string> named{"fake"};
  for (const EngineFlag& flag : flags) named.insert(flag.candidate.engine);
  for (const std::string& built : built_engines()) {
    if (named.count(built) == 0) flags.push_back({"--" + built, engine(built, built)});
  }
  return flags;
}

void add_engine_flags(CLI::App& app, std::vector<EngineFlag>& flags,
                      std::vector<std::string>& fake_parts) {
  for (EngineFlag& flag : flags) {
    if (takes_versions(flag)) {
      app.add_flag(flag.flag, flag.given);
    } else {
      app.add_flag(flag.flag)->disable_flag_override();
    }
  }
  add_repeatable(app, "--fake", fake_parts);
}

std::vector<Candidate> chosen_engines(const CLI::App& app, const std::vector<EngineFlag>& flags,
                                      const std::vector<std::string>& fake_parts) {
  std::vector<Candidate> engines;
  for (const EngineFlag& flag : flags) {
    if (app.count(flag.flag) == 0) continue;
    for (const std::string& version : versions_of(flag)) {
      Candidate candidate = flag.candidate;
      candidate.engine_version = version;
      add_once(engines, candidate);
    }
  }
  for (const std::string& part : fake_parts) add_once(engines, engine("fake", "fake", part));
  return engines;
}

std::vector<Candidate> default_engines(const std::vector<EngineFlag>& flags,
                                       const std::string& device) {
  const bool on_gpu = device == "gpu";
  const std::set<std::string> always = on_gpu
                                           ? std::set<std::string>{"--ort-cuda"}
                                           : std::set<std::string>{"--onnxruntime", "--openvino"};
  std::vector<Candidate> engines;
  for (const EngineFlag& flag : flags) {
    if (always.count(flag.flag) != 0) engines.push_back(flag.candidate);
  }
  for (const EngineFlag& flag : flags) {
    const bool is_usual = on_gpu || flag.candidate.provider.empty();
    if (is_usual && engine_is_built(flag.candidate.engine)) add_once(engines, flag.candidate);
  }
  return engines;
}

void leave_out_unable(RunOptions& options) {
  if (options.engines_asked_for) return;
  const WorkFolder work;
  std::map<std::pair<std::string, std::string>, bool> known;  // by engine and provider
  for (std::vector<Candidate>& candidates : options.comparisons) {
    const auto unable = [&](const Candidate& candidate) {
      const auto [found, is_new] = known.try_emplace({candidate.engine, candidate.provider}, false);
      if (is_new) found->second = is_unable(candidate, work, options.timeout_s);
      return found->second;
    };
    candidates.erase(std::remove_if(candidates.begin(), candidates.end(), unable),
                     candidates.end());
  }
}

}  // namespace dnnbench
