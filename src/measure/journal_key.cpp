#include "measure/journal_key.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string_view>
#include <vector>

#include "core/sha256.h"
#include "core/whole_file.h"
#include "machine/cores.h"
#include "process/worker_process.h"
#include "protocol/messages.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Of a file that may have been changed since: its size and time. Of a folder those of its files.
json stamp_of(const fs::path& path) {
  struct stat file{};
  if (stat(path.c_str(), &file) != 0) return nullptr;
  if (!S_ISDIR(file.st_mode)) return {file.st_size, file.st_mtim.tv_sec, file.st_mtim.tv_nsec};
  std::map<std::string, json> stamps;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(path, ignored)) {
    if (entry.is_regular_file(ignored)) stamps[entry.path().string()] = stamp_of(entry.path());
  }
  return stamps;
}

json json_of(const Candidate& candidate) {
  return {candidate.model_path,
          candidate.backend,
          candidate.engine,
          candidate.engine_version,
          candidate.provider,
          candidate.device,
          candidate.precision,
          candidate.io,
          candidate.cuda_graph,
          candidate.threads,
          candidate.streams,
          candidate.batch,
          stamp_of(program_path(candidate.engine))};
}

// What variants are calibrated on and judged by. A sample's labels are in a file that a flag names.
json json_of(const AccuracySamples& samples) {
  json json = {{"f32_scores", samples.f32_scores}};
  for (const InputSample& sample : samples.calibration) {
    json["calibration"].push_back(sha256_of(sample));
  }
  for (const HeldOutSample& sample : samples.held_out) {
    json["held_out"].push_back(sha256_of(sample.inputs));
  }
  return json;
}

json json_of(const PreparedModel& prepared) {
  json weights;
  for (const std::string& file : prepared.model.external_files) {
    weights[file] = stamp_of(fs::path(prepared.model.path).parent_path() / file);
  }
  return {fs::absolute(prepared.model.path).string(),
          prepared.size_bytes,
          prepared.sha256,
          prepared.load.input_shapes,
          weights,
          prepared.samples ? json_of(*prepared.samples) : json()};
}

// "" where it can't be read.
std::string text_of(const std::string& path) { return read_whole_file(path).value_or(""); }

// The command line, without the program's name: every flag there is.
std::string command_line() {
  const std::string words = text_of("/proc/self/cmdline");
  return words.substr(std::min(words.find('\0'), words.size()));
}

// Files that flags name.
json json_of(const RunOptions& options) {
  json json = {{"command", command_line()}, {"test_data", nullptr}};
  for (const auto& [name, value] : options.inputs) json["inputs"][name] = stamp_of(value);
  if (options.test_data) json["test_data"] = stamp_of(*options.test_data);
  if (options.labels) json["labels"] = stamp_of(*options.labels);
  // A script that the user's metric names may have been mended, too.
  std::istringstream words(options.metric_command.value_or(""));
  for (std::string word; words >> word;) {
    std::error_code ignored;
    if (fs::is_regular_file(word, ignored)) json["metric"][word] = stamp_of(word);
  }
  return json;
}

json json_of(const Environment& environment) {
  return {environment.cpu_model,        environment.architecture,   environment.isa,
          environment.logical_cores,    environment.affinity_cores, environment.physical_cores,
          environment.cgroup_cpu_quota, environment.memory_bytes,   environment.kernel,
          environment.container,        environment.cpu_governor,   environment.hypervisor,
          environment.instance};
}

// Of terminals, logins, jobs and their folders: what differs from one session to the next and
// changes nothing of what an engine computes.
bool is_of_session(std::string_view variable) {
  std::istringstream beginnings(
      "_= PWD= OLDPWD= SHLVL= TMPDIR= HOSTNAME= COLUMNS= LINES= TERM COLORTERM= TMUX STY= WINDOW "
      "DISPLAY= WAYLAND_DISPLAY= XAUTHORITY= XDG_RUNTIME_ XDG_SESSION_ XDG_SEAT XDG_VTNR= DBUS_ "
      "SSH_ SUDO_ SESSION_ SHELL_SESSION_ DESKTOP_STARTUP_ID= GNOME_ KONSOLE_ VTE_ KITTY_ "
      "ALACRITTY_ WEZTERM_ VSCODE_ INVOCATION_ID= JOURNAL_STREAM= SYSTEMD_ SLURM PBS_ LSB_ GITHUB_ "
      "RUNNER_ PYTEST_ MAKE");
  for (std::string beginning; beginnings >> beginning;) {
    if (variable.starts_with(beginning)) return true;
  }
  return false;
}

// Engines inherit all variables, and their libraries obey some (ONEDNN_DEFAULT_FPMATH_MODE,
// OMP_NUM_THREADS): one that is missed would mix figures, one too many only starts a run over. As a
// hash, because values may be secret.
std::string hash_of_variables() {
  std::set<std::string_view> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!is_of_session(*variable)) variables.insert(*variable);
  }
  return sha256_of_text(fmt::format("{}", fmt::join(variables, "\n")));
}

// The line of /proc/self/status that says from which memory this process may have pages.
std::string allowed_memory() {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("Mems_allowed_list:")) return line;
  }
  return "";
}

// How the kernel runs this process and therefore the engines, which inherit it: memory policy
// (numactl), scheduling (chrt, nice), huge pages and the clock's limits.
json scheduling() {
  constexpr unsigned long kMaxNodes = 1024;  // of CONFIG_NODES_SHIFT, the largest there is
  int policy = -1;
  std::vector<unsigned long> nodes(kMaxNodes / (8 * sizeof(unsigned long)));
  syscall(SYS_get_mempolicy, &policy, nodes.data(), kMaxNodes, nullptr, 0);
  sched_param priority{};
  sched_getparam(0, &priority);
  return {policy,
          nodes,
          allowed_memory(),
          sched_getscheduler(0),
          priority.sched_priority,
          getpriority(PRIO_PROCESS, 0),
          text_of("/sys/kernel/mm/transparent_hugepage/enabled"),
          text_of("/sys/devices/system/cpu/cpufreq/boost"),
          text_of("/sys/devices/system/cpu/intel_pstate/no_turbo")};
}

}  // namespace

std::string journal_key(const RunOptions& options, const std::vector<Candidate>& candidates,
                        const std::vector<const PreparedModel*>& models,
                        const Environment& environment, const std::optional<GpuFacts>& gpu) {
  json key = {{"journal", 3},  // its format: measure/turn_json.h
              {"tool_version", DNNBENCH_VERSION},
              {"program", stamp_of(fs::read_symlink("/proc/self/exe"))},
              {"options", json_of(options)},
              {"environment", json_of(environment)},
              {"cores", allowed_cores()},
              {"scheduling", scheduling()},
              {"variables", hash_of_variables()}};
  if (gpu) key["gpu"] = {gpu->device.uuid, gpu->driver};
  for (const Candidate& candidate : candidates) key["candidates"].push_back(json_of(candidate));
  for (const PreparedModel* model : models) key["models"].push_back(json_of(*model));
  return key.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string journal_path(const std::string& folder, const std::string& key) {
  constexpr size_t kDigits = 16;
  return fmt::format("{}/.{}.journal", folder, sha256_of_text(key).substr(0, kDigits));
}

}  // namespace dnnbench
