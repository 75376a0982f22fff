#include "measure/run_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <thread>

#include "core/cache.h"
#include "core/error.h"
#include "core/folder.h"
#include "core/sha256.h"
#include "core/whole_file.h"
#include "process/guardian.h"
#include "results/folder_lock.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using nlohmann::ordered_json;

constexpr size_t kRunsKept = 20;         // of a candidate
constexpr size_t kCandidatesKept = 500;  // of a machine
constexpr size_t kMachinesKept = 50;     // a container may be another one each time

using Candidates = std::map<std::string, RunMedians>;

std::string hash_of(const ordered_json& what) {
  return sha256_of_text(what.dump(-1, ' ', false, json::error_handler_t::replace)).substr(0, 16);
}

ordered_json machine_of(const Result& result) {
  ordered_json machine = to_json(result.environment);
  machine.erase("memory_bytes");  // the kernel may see a little less after a restart
  machine["instance"] = result.instance;
  return machine;
}

std::string candidate_key(const Result& result) {
  const Candidate& candidate = result.candidate;
  ordered_json key = {result.model.sha256, result.model.input_shapes,
                      candidate.backend,   result.backend_meta,
                      candidate.device,    candidate.precision,
                      result.threads,      result.number,
                      result.seed,         result.engine.load.engine_version.value_or("")};
  if (result.gpu) key.push_back({result.gpu->device.uuid, result.gpu->driver});
  return hash_of(key);
}

// With a few blocks a median says more of the run than of the machine.
bool counts(const Result& result) {
  const bool is_known = result.p50_interval_s && std::isfinite(result.p50_interval_s->high);
  return result.mode == Mode::kLatency && result.outcome.ok() && !is_suspect(result) && is_known;
}

// One that can't be read, or not whole, starts anew.
Candidates read_history(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const json history = json::parse(file, nullptr, false);
  Candidates candidates;
  try {
    candidates = history.at("medians_s").get<Candidates>();
  } catch (const json::exception&) {
    return {};
  }
  for (auto& [key, medians_s] : candidates) {
    std::erase_if(medians_s,
                  [](const auto& run) { return !(run.second > 0 && std::isfinite(run.second)); });
  }
  std::erase_if(candidates, [](const auto& candidate) { return candidate.second.empty(); });
  return candidates;
}

// The names of runs are when they started, so the first are the oldest.
void prune(Candidates& candidates) {
  for (auto& [key, medians_s] : candidates) {
    while (medians_s.size() > kRunsKept) medians_s.erase(medians_s.begin());
  }
  while (candidates.size() > kCandidatesKept) {
    candidates.erase(
        std::min_element(candidates.begin(), candidates.end(), [](const auto& a, const auto& b) {
          return a.second.rbegin()->first < b.second.rbegin()->first;
        }));
  }
}

RunToRun known_of(const std::vector<RunMedians>& candidates) {
  RunToRun known = run_to_run(candidates);
  for (const RunMedians& medians_s : candidates) {
    const std::string& first = medians_s.begin()->first;
    if (medians_s.size() > 1 && (known.since.empty() || first < known.since)) known.since = first;
  }
  return known;
}

std::optional<RunToRun> if_enough(const RunToRun& known) {
  return known.runs >= kEnoughRuns ? std::optional(known) : std::nullopt;
}

void set_run_to_run(std::vector<Result>& results, const Candidates& candidates) {
  std::vector<RunMedians> all;
  for (const auto& [key, medians_s] : candidates) all.push_back(medians_s);
  RunToRun of_machine = known_of(all);
  of_machine.of_others = true;
  for (Result& result : results) {
    if (result.mode != Mode::kLatency) continue;
    const auto own = candidates.find(candidate_key(result));
    if (own != candidates.end()) result.run_to_run = if_enough(known_of({own->second}));
    if (!result.run_to_run) result.run_to_run = if_enough(of_machine);
  }
}

void remove_oldest_machines(const std::string& folder) {
  std::multimap<fs::file_time_type, fs::path> files;
  std::error_code ignored;
  for (const std::string& name : names_in(folder)) {
    const fs::path path = fs::path(folder) / name;
    if (path.extension() == ".json") files.emplace(fs::last_write_time(path, ignored), path);
  }
  for (; files.size() > kMachinesKept; files.erase(files.begin())) {
    fs::remove(files.begin()->second, ignored);
  }
}

// One run at a time; whoever holds it does so for milliseconds.
void wait_for(const FolderLock& lock) {
  constexpr int kTries = 100;
  constexpr auto kBetweenTries = std::chrono::milliseconds(20);
  for (int i = 0; i < kTries; ++i) {
    if (lock.try_take()) return;
    std::this_thread::sleep_for(kBetweenTries);
  }
  throw Error("another run does not finish writing into it");
}

}  // namespace

std::string run_history_folder() { return cache_folder() + "/runs"; }

void add_to_run_history(std::vector<Result>& results, const std::string& folder) {
  if (results.empty()) return;
  const ordered_json machine = machine_of(results[0]);
  const std::string path = fmt::format("{}/{}.json", folder, hash_of(machine));
  std::optional<FolderLock> lock;
  std::string why_not;
  try {
    std::error_code ignored;
    fs::create_directories(folder, ignored);
    lock.emplace(folder);
    wait_for(*lock);
  } catch (const Error& error) {
    why_not = error.what();
  }
  Candidates candidates = read_history(path);
  for (const Result& result : results) {
    if (!counts(result)) continue;
    candidates[candidate_key(result)][result.started_at] = median_latency_s(result);
  }
  prune(candidates);
  set_run_to_run(results, candidates);
  if (why_not.empty()) {
    const ordered_json history = {{"machine", machine}, {"medians_s", candidates}};
    guard_path(unfinished_path(path));
    write_whole_file(path, history.dump(1, ' ', false, json::error_handler_t::replace) + "\n",
                     "the medians");
    remove_oldest_machines(folder);
    return;
  }
  throw Error(why_not);
}

}  // namespace dnnbench
