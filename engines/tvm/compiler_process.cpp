#include "compiler_process.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <new>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/error.h"
#include "results/sha256.h"
#include "tvm_cache.h"

namespace dnnbench::tvm_runtime {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const std::string kSources = DNNBENCH_TVM_COMPILER;

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
    if (name.ends_with(".py")) files.push_back(entry.path());
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

int run_and_wait(std::vector<std::string> command, const std::string& folder) {
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) throw Error(fmt::format("TVM's compiler: {}", std::strerror(errno)));
  if (child == 0) become_compiler(folder.c_str(), arguments, parent);
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) throw Error(fmt::format("TVM's compiler: {}", std::strerror(errno)));
  }
  return status;
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

}  // namespace

std::string compiler_fingerprint() {
  std::string text = DNNBENCH_TVM_ENVIRONMENT " schedules=" + schedules();
  for (const std::string& file : source_files()) {
    text += fmt::format("\n{} {}", fs::path(file).filename().string(), sha256_of_file(file));
  }
  return text;
}

CompilerReport compile(const LoadConfig& config, const CompiledFiles& files) {
  if (access(python().c_str(), X_OK) != 0) {
    throw Error("TVM's compiler is not installed; ./bench_model.sh with --tvm installs it");
  }
  const std::string report_path = fs::path(files.library).replace_extension(".report");
  const int status = run_and_wait(
      {python(), "-E", "-s", "-B", "-m", fs::path(kSources).filename().string(), "--simplified",
       config.simplified_path, "--original", config.model_path, "--schedules", schedules(),
       "--library", files.library, "--weights", files.weights, "--report", report_path},
      fs::path(kSources).parent_path().string());
  const json report = read_report(report_path, status);
  if (report.at("outcome") != "ok") throw_for_report(report);
  return report.at("settings").get<CompilerReport>();
}

}  // namespace dnnbench::tvm_runtime
