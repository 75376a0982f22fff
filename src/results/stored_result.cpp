#include "results/stored_result.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <future>
#include <limits>
#include <nlohmann/json.hpp>
#include <regex>
#include <string_view>
#include <thread>

#include "core/error.h"
#include "results/label_words.h"
#include "results/result_file.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr size_t kMaxTextBytes = 4096;
constexpr int64_t kMaxProcesses = 1'000'000;
constexpr double kShortest_s = 1e-12;
constexpr double kLongest_s = 1e12;
constexpr int64_t kMaxInferences = 1'000'000'000'000;

std::string shown(const json& value) {
  const std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  return text.size() <= 40 ? text : text.substr(0, 40) + "...";
}

std::string text_or(const json& value, const std::string& fallback) {
  if (!value.is_string()) return fallback;
  const auto& text = value.get_ref<const std::string&>();
  return text.empty() ? fallback : text;
}

// Text that is shown or is part of names; longer is not meant for either.
std::string bounded(const std::string& text, const char* key) {
  if (text.size() > kMaxTextBytes) {
    throw Error(fmt::format("its \"{}\" has more than {} bytes", key, kMaxTextBytes));
  }
  return text;
}

std::string needed_text(const json& object, const char* key, bool may_be_empty) {
  const json& value = get(object, key);
  if (!value.is_string() || (!may_be_empty && value.get_ref<const std::string&>().empty())) {
    throw Error(fmt::format("it is not a result: it has no text under \"{}\"", key));
  }
  return bounded(value.get_ref<const std::string&>(), key);
}

// The last part of a path of any system, without ".onnx".
std::string model_name(const std::string& model_path) {
  const size_t end = model_path.find_last_not_of("/\\");
  std::string name = model_path.substr(0, end == std::string::npos ? 0 : end + 1);
  name = name.substr(name.find_last_of("/\\") + 1);
  constexpr std::string_view kEnding = ".onnx";
  if (name.size() > kEnding.size() && name.ends_with(kEnding)) {
    name.resize(name.size() - kEnding.size());
  }
  return name;
}

// The 2021 tool stored true for `--quantize 0` too; its files' names are right.
bool is_quantized(const json& object, const fs::path& path, bool of_2021) {
  if (of_2021) {
    static const std::regex kNamed("-quant=([01])-");
    std::smatch match;
    const std::string name = path.filename().string();
    if (std::regex_search(name, match, kNamed)) return match[1] == "1";
  }
  return get(object, "quantize") == true;
}

Outcome read_outcome(const json& object) {
  const json& outcome = get(object, "outcome");
  if (outcome.is_null()) return {};
  try {
    return {outcome_kind_from_string(text_or(outcome, "")), text_or(get(object, "reason"), "")};
  } catch (const Error&) {
    throw Error(fmt::format("its outcome {} is unknown", shown(outcome)));
  }
}

Verdict read_verdict(const json& object, bool of_2021) {
  if (of_2021) return Verdict::kUnverified;
  const json& name = get(get(object, "verification"), "verdict");
  for (const Verdict verdict : {Verdict::kOk, Verdict::kWrong, Verdict::kUnverified}) {
    if (name == to_string(verdict)) return verdict;
  }
  throw Error("it has no verdict under \"verification\"");
}

std::optional<double> read_positive(const json& value) {
  if (!value.is_number()) return std::nullopt;
  const auto number = value.get<double>();
  return number > 1 / kLongest_s && number < 1 / kShortest_s ? std::optional(number) : std::nullopt;
}

PublishedFigure read_published(const json& object, bool ok) {
  PublishedFigure figure;
  const std::optional<double> throughput = read_positive(get(object, "throughput_per_s"));
  if (ok && !throughput) {
    throw Error("it has no number above 0 under \"published\", \"throughput_per_s\"");
  }
  figure.throughput_per_s = throughput.value_or(0);
  figure.plus_minus_per_s = read_positive(get(object, "plus_minus_per_s"));
  const json& bound = get(object, "bound");
  if (bound == "at_least") {
    figure.bound = PublishedFigure::Bound::kAtLeast;
  } else if (bound == "below") {
    figure.bound = PublishedFigure::Bound::kBelow;
  } else if (!bound.is_null()) {
    throw Error(fmt::format("its bound {} is neither \"at_least\" nor \"below\"", shown(bound)));
  }
  return figure;
}

int64_t read_number(const json& object) {
  const json& number = get(object, "number");
  if (number.is_null()) return 1;
  if (!number.is_number_integer() || number < 1 || number > kMaxInferences) {
    throw Error(
        fmt::format("its \"number\" is {}, not a whole number of at least 1", shown(number)));
  }
  return number.get<int64_t>();
}

std::vector<double> numbers_under_data(const json& object) {
  const json& data = get(object, "data");
  if (!data.is_array() || data.empty()) throw Error("it has no measurements under \"data\"");
  std::vector<double> numbers;
  for (const json& value : data) {
    if (!value.is_number()) {
      throw Error(fmt::format("\"data\" contains {}, not a time in seconds", shown(value)));
    }
    numbers.push_back(value.get<double>());
  }
  return numbers;
}

// Seconds per inference: each datum is the time of `number` inferences.
std::vector<double> read_times_s(const ResultFile& parsed, int64_t number) {
  std::vector<double> times_s = parsed.data ? *parsed.data : numbers_under_data(parsed.object);
  for (double& time_s : times_s) {
    if (!(time_s > kShortest_s && time_s < kLongest_s)) {
      throw Error(fmt::format("\"data\" contains {:g}, not a time in seconds", time_s));
    }
    time_s /= static_cast<double>(number);
  }
  return times_s;
}

// Of a result in load mode. What was void or too short to be judged is left out.
std::vector<StoredRate> read_traffic_rates(const json& traffic) {
  std::vector<StoredRate> rates;
  const json& tried = get(traffic, "rates");
  if (!tried.is_array()) return rates;
  for (const json& rate : tried) {
    const std::optional<double> rate_per_s = read_positive(get(rate, "rate_per_s"));
    if (!rate_per_s) throw Error("a rate under \"load\" is not a number above 0");
    const std::optional<double> p99_s = read_positive(get(rate, "p99_s"));
    if (get(rate, "verdict") == "overloaded") {
      rates.push_back({*rate_per_s, std::numeric_limits<double>::infinity()});
    } else if (get(rate, "verdict") == "carried" && p99_s) {
      rates.push_back({*rate_per_s, *p99_s});
    }
  }
  return rates;
}

// Of processes, or of items in a batch; 1 where the file does not say.
int64_t read_count(const json& object, const char* key) {
  const json& value = get(object, key);
  if (value.is_null()) return 1;
  if (!value.is_number_integer() || value < 1 || value > kMaxProcesses) {
    throw Error(fmt::format("its \"{}\" is {}, not a whole number from 1 to {}", key, shown(value),
                            kMaxProcesses));
  }
  return value.get<int64_t>();
}

std::string read_mode(const json& object) {
  const json& mode = get(object, "mode");
  if (mode.is_null()) return "latency";
  for (const char* known : {"latency", "load", "throughput"}) {
    if (mode == known) return known;
  }
  throw Error(fmt::format("its mode {} is not latency, load or throughput", shown(mode)));
}

StoredThroughput read_throughput(const json& object, std::vector<double> times_s) {
  StoredThroughput found;
  const json& throughput = get(object, "throughput");
  const json& tried = get(throughput, "tried");
  const json& chosen = get(throughput, "chosen");
  const size_t index = chosen.is_number_unsigned() ? chosen.get<size_t>() : tried.size();
  const std::optional<double> per_s = read_positive(get(object, "throughput_per_s"));
  if (!per_s) throw Error("its throughput_per_s is not a number above 0");
  found.per_s = *per_s;
  if (tried.is_array() && index < tried.size()) {
    found.least_per_s = read_positive(get(tried[index], "least_per_s"));
    found.greatest_per_s = read_positive(get(tried[index], "greatest_per_s"));
  }
  found.streams = static_cast<size_t>(read_count(object, "streams"));
  found.times_s = std::move(times_s);
  return found;
}

// What can't be a figure is none: nothing is claimed of that machine then.
std::optional<RunToRun> read_run_to_run(const json& object) {
  RunToRun found;
  const json& ratio = get(object, "ratio");
  const json& runs = get(object, "runs");
  if (!ratio.is_number() || !runs.is_number_unsigned()) return std::nullopt;
  found.ratio = ratio.get<double>();
  found.runs = runs.get<size_t>();
  if (!(found.ratio >= 1 && std::isfinite(found.ratio)) || found.runs < 2) return std::nullopt;
  found.since = text_or(get(object, "since"), "");
  found.of_others = get(object, "of") == "machine";
  return found;
}

std::map<std::string, std::string> read_conditions(const json& object) {
  std::map<std::string, std::string> conditions;
  for (const char* key : {"device", "threads", "precision", "number", "engine_version", "seed",
                          "tool_version", "input_shapes", "model_sha256", "instance"}) {
    if (!get(object, key).is_null()) conditions[key] = get(object, key).dump();
  }
  const json& environment = get(object, "environment");
  for (const char* key : {"cpu_model", "isa", "logical_cores", "physical_cores", "affinity_cores",
                          "cores", "cgroup_cpu_quota", "memory_bytes", "kernel", "os", "container",
                          "cpu_governor", "hypervisor"}) {
    const json& value = get(environment, key);
    if (!value.is_null()) conditions[std::string("environment.") + key] = value.dump();
  }
  return conditions;
}

std::string folder_name(const fs::path& path) {
  const std::string name = fs::absolute(path).lexically_normal().parent_path().filename().string();
  return name.empty() ? "unknown" : name;
}

void list_json_files(const fs::path& folder, ResultsFolder& found, std::vector<fs::path>& files) {
  std::error_code error;
  fs::directory_iterator entries(folder, error);
  if (error) {
    found.skipped.push_back(fmt::format("skipped {}: {}", folder.string(), error.message()));
    return;
  }
  for (const fs::directory_entry& entry : entries) {
    if (entry.is_directory(error) && !entry.is_symlink(error)) {
      list_json_files(entry.path(), found, files);
    } else if (entry.path().extension() == ".json") {
      files.push_back(entry.path());
    }
  }
}

// Reads every step-th file from `first` on.
ResultsFolder read_some(const std::vector<fs::path>& files, size_t first, size_t step) {
  ResultsFolder found;
  for (size_t i = first; i < files.size(); i += step) {
    try {
      found.results.push_back(read_result(files[i]));
    } catch (const Error& error) {
      found.skipped.push_back(fmt::format("skipped {}: {}", files[i].string(), error.what()));
    }
  }
  return found;
}

template <typename T>
void append(std::vector<T>& all, std::vector<T>&& some) {
  all.insert(all.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
}

// Of a run that compared variants.
std::string why_not_accepted(const json& object) {
  const json& acceptance = get(object, "acceptance");
  if (!acceptance.is_object() || get(acceptance, "accepted") == true) return "";
  const std::string reason = text_or(get(acceptance, "reason"), "");
  if (!reason.empty()) return "a variant that is not accepted: " + reason;
  return "a variant whose error nobody has accepted; measure it with --max-error or --max-drop";
}

}  // namespace

StoredResult read_result(const fs::path& path) {
  const ResultFile parsed = read_result_file(path);
  const json& object = parsed.object;
  StoredResult result;
  result.path = path;
  result.model_path = needed_text(object, "model_path", false);
  result.model = model_name(result.model_path);
  result.backend = needed_text(object, "backend", false);
  result.backend_meta = needed_text(object, "backend_meta", true);
  const json& version = get(object, "schema_version");
  if (!version.is_null() && version != kSchemaVersion) {
    throw Error(fmt::format("its schema_version is {}, this program reads {}", shown(version),
                            kSchemaVersion));
  }
  const bool of_2021 = version.is_null();
  result.quantized = is_quantized(object, path, of_2021);
  result.instance = bounded(text_or(get(object, "instance"), folder_name(path)), "instance");
  result.mode = read_mode(object);
  result.outcome = read_outcome(object);
  result.verdict = read_verdict(object, of_2021);
  result.not_accepted = why_not_accepted(object);
  result.suspect = get(get(object, "noise"), "suspect") == true;
  result.number = read_number(object);
  result.batch = read_count(object, "batch");
  const json& published = get(object, "published");
  if (of_2021 && published.is_object()) {
    result.published = read_published(published, result.outcome.ok());
  } else if (result.outcome.ok() && result.mode == "latency") {
    result.times_s = read_times_s(parsed, result.number);
    if (parsed.block.size() == result.times_s.size()) result.block = parsed.block;
  } else if (result.outcome.ok() && result.mode == "load") {
    result.traffic_rates = read_traffic_rates(get(object, "load"));
  } else if (result.outcome.ok() && result.mode == "throughput") {
    result.throughput = read_throughput(object, read_times_s(parsed, result.number));
  }
  if (result.mode == "load" || result.mode == "throughput") {
    result.settings = text_or(get(get(object, result.mode.c_str()), "settings"), "");
  }
  result.run_to_run = read_run_to_run(get(object, "run_to_run"));
  result.only_compared_with = get(object, "only_compared_with") == true;
  result.words = label_words(object, result.quantized);
  const json& shapes = get(object, "input_shapes");
  if (shapes.is_object()) result.input_shapes = shapes.dump();
  result.model_sha256 = text_or(get(object, "model_sha256"), "");
  result.architecture = text_or(get(get(object, "environment"), "architecture"), "");
  result.started_at = text_or(get(object, "started_at"), "");
  result.conditions = read_conditions(object);
  std::error_code ignored;
  result.modified = fs::last_write_time(path, ignored);
  return result;
}

ResultsFolder read_results(const std::string& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    throw UsageError(fs::exists(folder, error)
                         ? fmt::format("{} is a file; give the folder of the results", folder)
                         : fmt::format("there is no folder {}", folder));
  }
  ResultsFolder found;
  std::vector<fs::path> files;
  list_json_files(folder, found, files);
  const size_t threads = std::clamp<size_t>(std::thread::hardware_concurrency(), 1, 16);
  std::vector<std::future<ResultsFolder>> parts;
  for (size_t i = 0; i < threads; ++i) {
    parts.push_back(std::async(std::launch::async, read_some, std::cref(files), i, threads));
  }
  for (auto& part : parts) {
    ResultsFolder some = part.get();
    append(found.results, std::move(some.results));
    append(found.skipped, std::move(some.skipped));
  }
  std::sort(found.results.begin(), found.results.end(),
            [](const StoredResult& a, const StoredResult& b) { return a.path < b.path; });
  std::sort(found.skipped.begin(), found.skipped.end());
  return found;
}

std::string condition(const StoredResult& result, const std::string& name) {
  const auto found = result.conditions.find(name);
  return found == result.conditions.end() ? "" : found->second;
}

}  // namespace dnnbench
