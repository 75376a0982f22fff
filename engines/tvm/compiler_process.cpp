#include "compiler_process.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <new>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <vector>

#include "core/error.h"
#include "core/sha256.h"
#include "tvm_cache.h"

namespace dnnbench::tvm_runtime {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

using Clock = std::chrono::steady_clock;

const std::string kSources = DNNBENCH_TVM_COMPILER;

// What a tuner may take after its search, to compare and to compile, before it is taken to hang.
constexpr double kMinAfterSearch_s = 60;
constexpr double kCompilationsAfterSearch = 10;

std::string python() {
  return cache_folder() + "/python/" + DNNBENCH_TVM_ENVIRONMENT + "/bin/python";
}

// "none" for what TVM does by itself: for those who compare it with ours (README.md).
std::string schedules() {
  const char* const asked = std::getenv("DNNBENCH_TVM_SCHEDULES");
  return asked != nullptr && *asked != '\0' ? asked : "own";
}

std::vector<std::string> source_files() {
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(kSources)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".py") && !name.ends_with("_test.py")) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// What the child does between fork and exec: async-signal-safe calls only.
[[noreturn]] void become_compiler(const char* folder, const std::vector<char*>& arguments,
                                  pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent || chdir(folder) != 0) _exit(127);
  signal(SIGPIPE, SIG_DFL);
  execv(arguments[0], arguments.data());
  _exit(127);
}

pid_t start(std::vector<std::string> command, const std::string& folder) {
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) throw Error(fmt::format("TVM's compiler: {}", std::strerror(errno)));
  if (child == 0) become_compiler(folder.c_str(), arguments, parent);
  return child;
}

// Its status. Kills it, and throws Error, where it takes longer.
int wait_for(pid_t child, std::optional<double> limit_s) {
  constexpr auto kPause = std::chrono::milliseconds(20);
  const auto start = Clock::now();
  int status = 0;
  while (true) {
    const pid_t ended = waitpid(child, &status, limit_s ? WNOHANG : 0);
    if (ended == child) return status;
    if (ended < 0 && errno != EINTR) {
      throw Error(fmt::format("TVM's compiler: {}", std::strerror(errno)));
    }
    if (limit_s && std::chrono::duration<double>(Clock::now() - start).count() > *limit_s) {
      kill(child, SIGKILL);
      waitpid(child, &status, 0);
      throw Error(fmt::format("TVM's compiler was ended after {:.0f} s of tuning", *limit_s));
    }
    if (limit_s) std::this_thread::sleep_for(kPause);
  }
}

// Nobody but the kernel's out-of-memory killer ends the compiler alone by SIGKILL.
[[noreturn]] void throw_for_status(int status) {
  if (WIFSIGNALED(status)) {
    if (WTERMSIG(status) == SIGKILL) throw std::bad_alloc();
    throw Error(fmt::format("TVM's compiler was ended by SIG{}", sigabbrev_np(WTERMSIG(status))));
  }
  throw Error(fmt::format("TVM's compiler ended with exit code {} and gave no reason",
                          WEXITSTATUS(status)));
}

[[noreturn]] void throw_for_report(const json& report) {
  const auto outcome = report.at("outcome").get<std::string>();
  const auto reason = report.at("reason").get<std::string>();
  if (outcome == "out_of_memory") throw std::bad_alloc();
  if (outcome == "unsupported") throw Unsupported(reason);
  throw Error(reason);
}

json read_report(const std::string& path, int status) {
  try {
    return json::parse(std::ifstream(path));
  } catch (const json::exception&) {
    throw_for_status(status);
  }
}

json run_compiler(const LoadConfig& config, const CompiledFiles& files,
                  const std::vector<std::string>& more, std::optional<double> limit_s) {
  if (access(python().c_str(), X_OK) != 0) {
    throw Error("TVM's compiler is not installed; ./bench_model.sh with --tvm installs it");
  }
  const fs::path sources = kSources;
  const std::string report_path = fs::path(files.library).replace_extension(".report");
  std::vector<std::string> command{python(),       "-E",
                                   "-s",           "-B",
                                   "-m",           sources.filename(),
                                   "--simplified", config.simplified_path,
                                   "--original",   config.model_path,
                                   "--schedules",  schedules(),
                                   "--library",    files.library,
                                   "--weights",    files.weights,
                                   "--report",     report_path};
  command.insert(command.end(), more.begin(), more.end());
  const int status = wait_for(start(command, sources.parent_path()), limit_s);
  const json report = read_report(report_path, status);
  if (report.at("outcome") != "ok") throw_for_report(report);
  return report;
}

}  // namespace

std::string compiler_fingerprint() {
  std::string text = DNNBENCH_TVM_ENVIRONMENT " schedules=" + schedules();
  for (const std::string& file : source_files()) {
    text += fmt::format("\n{} {}", fs::path(file).filename().string(), sha256_of_file(file));
  }
  return text;
}

CompiledModel compile(const LoadConfig& config, const CompiledFiles& files) {
  const json report = run_compiler(config, files, {}, std::nullopt);
  CompiledModel model;
  model.files = files;
  model.settings = report.at("settings").get<std::map<std::string, std::string>>();
  return model;
}

CompiledModel tune(const LoadConfig& config, const CompiledModel& own, double search_s,
                   const std::string& records_folder, const CompiledFiles& files) {
  const json report =
      run_compiler(config, files,
                   {"--tune", std::to_string(search_s), "--records", records_folder,
                    "--own-library", own.files.library, "--own-weights", own.files.weights},
                   search_s + kMinAfterSearch_s + kCompilationsAfterSearch * own.compile_s);
  CompiledModel model;
  model.files = files;
  model.compile_s = own.compile_s;
  model.settings = report.at("settings").get<std::map<std::string, std::string>>();
  model.searched_s = report.at("searched_s").get<double>();
  model.is_exhausted = report.at("is_exhausted").get<bool>();
  return model;
}

}  // namespace dnnbench::tvm_runtime
