#include "run/candidate.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>

#include "run/names.h"

namespace dnnbench {
namespace {

using Part = std::function<std::string(const Candidate&)>;

std::string file_name(const Candidate& candidate) {
  return std::filesystem::path(candidate.model_path).filename().string();
}

std::string threads(const Candidate& candidate) {
  return candidate.threads ? counted(*candidate.threads, "thread") : "";
}

std::string streams(const Candidate& candidate) {
  return counted(candidate.streams, "process", "processes");
}

std::string batch(const Candidate& candidate) {
  return candidate.batch ? fmt::format("batch {}", *candidate.batch) : "";
}

// In the order of a label, after the engine.
const std::vector<Part>& parts() {
  static const std::vector<Part> kParts{
      [](const Candidate& candidate) { return candidate.engine_version; },
      file_name,
      [](const Candidate& candidate) { return candidate.device; },
      [](const Candidate& candidate) { return candidate.precision; },
      streams,
      threads,
      batch,
  };
  return kParts;
}

}  // namespace

std::vector<std::string> labels_of(const std::vector<Candidate>& candidates) {
  std::vector<std::string> labels;
  for (const Candidate& candidate : candidates) {
    labels.push_back(engine_name(candidate.backend, candidate.provider));
  }
  for (const Part& part : parts()) {
    const bool differs = std::any_of(
        candidates.begin(), candidates.end(),
        [&](const Candidate& candidate) { return part(candidate) != part(candidates.front()); });
    if (!differs) continue;
    for (size_t i = 0; i < candidates.size(); ++i) {
      const std::string text = part(candidates[i]);
      if (!text.empty()) labels[i] += ", " + text;
    }
  }
  return labels;
}

std::string engine_name(const std::string& backend, const std::string& provider) {
  return provider.empty() ? backend : backend + "-" + with_safe_characters(provider);
}

std::string counted(int64_t count, const std::string& noun) {
  return counted(count, noun, noun + "s");
}

std::string counted(int64_t count, const std::string& noun, const std::string& plural) {
  return fmt::format("{} {}", count, count == 1 ? noun : plural);
}

}  // namespace dnnbench
