#include "compiler_process.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <new>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "core/cache.h"
#include "core/commands.h"
#include "core/error.h"
#include "core/sha256.h"
#include "process/child_process.h"
#include "tvm_cache.h"

namespace dnnbench::tvm_runtime {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

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

// Its status. Kills it, and throws Error, where it takes longer. The process is in the worker's
// group, so that whatever ends or pauses the worker does so to the compiler.
int run(const std::vector<std::string>& command, const std::string& folder,
        std::optional<double> limit_s) {
  ChildOptions options;
  options.program = command.front();
  options.arguments.assign(std::next(command.begin()), command.end());
  options.folder = folder;
  options.in_group = false;
  ChildProcess compiler(options);
  constexpr double kUntilTheWorkerIsEnded_s = 1e9;
  if (!compiler.ends_within(limit_s.value_or(kUntilTheWorkerIsEnded_s))) {
    throw Error(fmt::format("TVM's compiler was ended after {:.0f} s of tuning", *limit_s));
  }
  return compiler.end();
}

// Nobody but the kernel's out-of-memory killer ends the compiler alone by SIGKILL.
[[noreturn]] void throw_for_status(int status) {
  if (WIFSIGNALED(status)) {
    if (WTERMSIG(status) == SIGKILL) throw std::bad_alloc();
    throw Error(fmt::format("TVM's compiler was ended by {}", signal_name(WTERMSIG(status))));
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
    throw Error("TVM's compiler is not installed; " + bench_name() + " --tvm installs it");
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
  const int status = run(command, sources.parent_path(), limit_s);
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
