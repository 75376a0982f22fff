#include "run/candidate.h"

#include <fmt/format.h>

#include <filesystem>

#include "run/labels.h"
#include "run/names.h"

namespace dnnbench {
namespace {

// The model's file name, or its path where another of that name is compared.
std::string file_name(const Candidate& candidate, const std::vector<Candidate>& candidates) {
  const auto name_of = [](const Candidate& one) {
    return std::filesystem::path(one.model_path).filename();
  };
  for (const Candidate& other : candidates) {
    if (name_of(other) == name_of(candidate) && other.model_path != candidate.model_path) {
      return candidate.model_path;
    }
  }
  return name_of(candidate).string();
}

std::string precision(const Candidate& candidate) {
  return precision_in_words(candidate.precision);
}

std::string io(const Candidate& candidate) {
  return candidate.io == "host" ? "" : "data on the " + candidate.io;
}

std::string cuda_graph(const Candidate& candidate) {
  return candidate.cuda_graph ? "CUDA graph" : "";
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

}  // namespace

std::vector<std::string> labels_of(const std::vector<Candidate>& candidates) {
  std::vector<LabelWords> words;
  for (const Candidate& one : candidates) {
    words.push_back({engine_name(one.backend, one.provider),
                     one.engine_version,
                     {file_name(one, candidates), one.device, precision(one), io(one),
                      cuda_graph(one), streams(one), threads(one), batch(one)},
                     ""});
  }
  return labels_of(words);
}

std::string engine_name(const std::string& backend, const std::string& provider) {
  return provider.empty() ? backend : backend + "-" + with_safe_characters(provider);
}

std::string precision_in_words(const std::string& precision) {
  return precision == "default" ? "default precision" : precision;
}

std::string counted(int64_t count, const std::string& noun) {
  return counted(count, noun, noun + "s");
}

std::string counted(int64_t count, const std::string& noun, const std::string& plural) {
  return fmt::format("{} {}", count, count == 1 ? noun : plural);
}

}  // namespace dnnbench
