#include "cli/engine_flags.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>

#include "cli/command_line.h"
#include "core/cache.h"
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

bool is_fetched(const std::string& package) {
  std::error_code ignored;
  const std::filesystem::path folder = cache_folder() + "/engines/" + package;
  return std::filesystem::directory_iterator(folder, ignored) !=
         std::filesystem::directory_iterator();
}

// ONNX Runtime's CUDA provider, and of the others those whose libraries are there.
std::vector<Candidate> default_gpu_engines() {
  std::vector<Candidate> engines{engine("onnxruntime", "onnxruntime-gpu", "cuda")};
  const bool has_tensorrt = engine_is_built("tensorrt");
  if (has_tensorrt || is_fetched("tensorrt")) {
    engines.push_back(engine("onnxruntime", "onnxruntime-gpu", "tensorrt"));
  }
  if (has_tensorrt) engines.push_back(engine("tensorrt", "tensorrt"));
  if (engine_is_built("pytorch") && is_fetched("pytorch-cuda")) {
    engines.push_back(engine("pytorch", "pytorch"));
  }
  return engines;
}

std::vector<Candidate> default_engines(const std::vector<EngineFlag>& flags) {
  std::vector<Candidate> engines{flags[0].candidate, flags[1].candidate};
  for (const EngineFlag& flag : flags) {
    const bool is_usual = flag.candidate.provider.empty() && flag.flag != "--tensorrt";
    if (is_usual && engine_is_built(flag.candidate.engine)) {
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
    if (flag.takes_versions) {
      app.add_flag(flag.flag, flag.given);
    } else {
      app.add_flag(flag.flag)->disable_flag_override();
    }
  }
  add_repeatable(app, "--fake", fake_parts);
}

std::vector<Candidate> chosen_engines(const CLI::App& app, const std::vector<EngineFlag>& flags,
                                      const std::vector<std::string>& fake_parts,
                                      const std::string& device) {
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
  if (!engines.empty()) return engines;
  return device == "gpu" ? default_gpu_engines() : default_engines(flags);
}

}  // namespace dnnbench
