#include "cli/engine_flags.h"

#include <algorithm>
#include <set>
#include <sstream>

#include "cli/command_line.h"
#include "process/worker_process.h"

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

std::vector<Candidate> default_engines(const std::vector<EngineFlag>& flags) {
  std::vector<Candidate> engines{flags[0].candidate, flags[1].candidate};
  for (const EngineFlag& flag : flags) {
    if (flag.candidate.provider.empty() && engine_is_built(flag.candidate.engine)) {
      add_once(engines, flag.candidate);
    }
  }
  return engines;
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
      {"--onnxruntime", engine("onnxruntime", "onnxruntime"), true},
      {"--openvino", engine("openvino", "openvino"), true},
      {"--pytorch", engine("pytorch", "pytorch")},
      {"--tf", engine("tf", "tensorflow")},
      {"--tvm", engine("tvm", "tvm")},
      {"--nuphar", engine("tvm", "tvm")},
      {"--ort-cuda", engine("onnxruntime", "onnxruntime", "cuda")},
      {"--ort-tensorrt", engine("onnxruntime", "onnxruntime", "tensorrt")},
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
    if (flag.takes_versions) {
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
  return engines.empty() ? default_engines(flags) : engines;
}

}  // namespace dnnbench
