#include "run/names.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "core/sha256.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxName = 200;   // bytes
constexpr size_t kMaxModel = 100;  // of them
constexpr size_t kHashDigits = 8;

using Settings = std::vector<std::string>;

template <typename T>
std::string joined(const T& parts) {
  return fmt::format("{}", fmt::join(parts, "+"));
}

void add_streams_and_threads(const RunOptions& options, const Candidate& candidate,
                             Settings& settings) {
  if (const ThroughputOptions* tried = options.throughput()) {
    if (tried->streams > 0) settings.push_back(fmt::format("streams={}", tried->streams));
    if (!tried->threads.empty()) settings.push_back("threads=" + joined(tried->threads));
    return;
  }
  if (candidate.streams > 1) settings.push_back(fmt::format("streams={}", candidate.streams));
  if (candidate.threads) settings.push_back(fmt::format("threads={}", *candidate.threads));
}

void add_batch(const RunOptions& options, const Candidate& candidate, Settings& settings) {
  if (candidate.batch) settings.push_back(fmt::format("batch={}", *candidate.batch));
  const ThroughputOptions* tried = options.throughput();
  if (tried != nullptr && !tried->batches.empty()) {
    settings.push_back("batch=" + joined(tried->batches));
  }
}

void add_shapes(const RunOptions& options, const std::vector<std::string>& input_names,
                Settings& settings) {
  Settings shapes;
  for (const std::string& name : input_names) {
    const auto shape = options.shapes.find(name);
    if (shape == options.shapes.end()) continue;
    shapes.push_back(fmt::format("{}@{}", name, fmt::join(shape->second, "x")));
  }
  if (!shapes.empty()) settings.push_back("shape=" + joined(shapes));
}

void add_inputs(const RunOptions& options, const std::vector<std::string>& input_names,
                Settings& settings) {
  Settings inputs;
  for (const std::string& name : input_names) {
    const auto value = options.inputs.find(name);
    if (value == options.inputs.end()) continue;
    inputs.push_back(fmt::format("{}@{}", name, fs::path(value->second).filename().string()));
  }
  if (!inputs.empty()) settings.push_back("input=" + joined(inputs));
}

// In the order of docs/results-format.md.
Settings settings_list(const RunOptions& options, const Candidate& candidate,
                       const std::vector<std::string>& input_names) {
  const std::string usual = candidate.device == "gpu" ? "gpu" : "cpu";
  Settings settings{candidate.provider.empty() ? usual : candidate.provider};
  if (!candidate.engine_version.empty()) {
    settings.push_back("version=" + candidate.engine_version);
  }
  add_streams_and_threads(options, candidate, settings);
  if (candidate.precision != "f32") settings.push_back("precision=" + candidate.precision);
  if (candidate.io != "host") settings.push_back("io=" + candidate.io);
  if (candidate.cuda_graph) settings.emplace_back("cuda-graph");
  if (number_of(options) != 1) settings.push_back(fmt::format("number={}", number_of(options)));
  add_batch(options, candidate, settings);
  add_shapes(options, input_names, settings);
  if (options.seed != RunOptions::kDefaultSeed) {
    settings.push_back(fmt::format("seed={}", options.seed));
  }
  add_inputs(options, input_names, settings);
  if (options.test_data) {
    settings.push_back("test-data=" + fs::weakly_canonical(*options.test_data).filename().string());
  }
  return settings;
}

Settings settings_of_mode(const RunOptions& options) {
  if (options.latency() != nullptr) return {};
  Settings settings{fmt::format("mode={}", to_string(mode_of(options)))};
  std::optional<double> slo_p99_s;
  if (const TrafficOptions* traffic = options.traffic()) {
    if (traffic->rate_per_s) settings.push_back(fmt::format("rate={}", *traffic->rate_per_s));
    slo_p99_s = traffic->slo_p99_s;
  } else {
    slo_p99_s = options.throughput()->slo_p99_s;
  }
  if (slo_p99_s) settings.push_back(fmt::format("slo-p99={}", *slo_p99_s));
  return settings;
}

// Cut between two characters of UTF-8, and distinct from others that begin alike.
std::string shortened(const std::string& text, size_t longest) {
  if (text.size() <= longest) return text;
  size_t end = longest - kHashDigits - 1;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "-" + sha256_of_text(text).substr(0, kHashDigits);
}

std::string stem_of(const std::string& model, const Candidate& candidate,
                    const std::string& backend_meta) {
  const std::string name = shortened(model, kMaxModel + kHashDigits + 1);
  const std::string head =
      fmt::format("{}-quant={}-{}-{}-", name, is_quantised(candidate.precision) ? 1 : 0,
                  candidate.device, candidate.backend);
  return head + shortened(backend_meta, kMaxName - head.size());
}

// The model's SHA-256 in a result file as write_result writes them; "" where there is none.
std::string stored_sha256(const std::string& path) {
  static const std::string kKey = "\"model_sha256\": \"";
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const size_t at = line.find(kKey);
    if (at == std::string::npos || at > 4) continue;
    return line.substr(at + kKey.size(), line.find('"', at + kKey.size()) - at - kKey.size());
  }
  return "";
}

std::string meta_of(const Settings& settings) {
  return with_safe_characters(fmt::format("{}", fmt::join(settings, "-")));
}

}  // namespace

std::string settings_of(const RunOptions& options, const Candidate& candidate,
                        const std::vector<std::string>& input_names) {
  return meta_of(settings_list(options, candidate, input_names));
}

std::string backend_meta_of(const RunOptions& options, const Candidate& candidate,
                            const std::vector<std::string>& input_names) {
  Settings settings = settings_list(options, candidate, input_names);
  for (const std::string& setting : settings_of_mode(options)) settings.push_back(setting);
  return meta_of(settings);
}

std::string result_stem(const Candidate& candidate, const std::string& backend_meta) {
  return stem_of(fs::path(candidate.model_path).stem().string(), candidate, backend_meta);
}

std::string free_result_stem(const std::string& folder, const std::string& model_sha256,
                             const Candidate& candidate, const std::string& backend_meta) {
  const std::string stem = result_stem(candidate, backend_meta);
  const std::string there = stored_sha256(folder + "/" + stem + ".json");
  if (there.empty() || there == model_sha256) return stem;
  return result_stem_with_hash(model_sha256, candidate, backend_meta);
}

std::string result_stem_with_hash(const std::string& model_sha256, const Candidate& candidate,
                                  const std::string& backend_meta) {
  const std::string model = fs::path(candidate.model_path).stem().string();
  return stem_of(shortened(model, kMaxModel) + "@" + model_sha256.substr(0, kHashDigits), candidate,
                 backend_meta);
}

std::string with_safe_characters(std::string text) {
  for (char& c : text) {
    const bool safe = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                      std::string_view("._=+@-").find(c) != std::string_view::npos;
    if (!safe) c = '_';
  }
  return text;
}

}  // namespace dnnbench
