// WorkerProcess: one engine in a process of its own, in a process group of its own, spoken to over
// two pipes (docs/protocol.md). Whatever ends it (a crash, a hang, no memory, a lie) becomes an
// Outcome here and touches nothing else. Not thread-safe.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/outcome.h"
#include "machine/cores.h"
#include "process/child_process.h"
#include "process/log_file.h"
#include "protocol/line_channel.h"
#include "protocol/messages.h"

namespace dnnbench {

// Thrown by WorkerProcess::request when the engine refused, ended or was ended.
class EngineEnded : public std::runtime_error {
 public:
  explicit EngineEnded(Outcome outcome)
      : std::runtime_error(outcome.reason), outcome(std::move(outcome)) {}
  Outcome outcome;
};

struct WorkerOptions {
  std::string engine;  // "onnxruntime": runs dnnbench-engine-onnxruntime beside this program
  std::string
      log_path;  // gets the process's stdout and stderr (log_file.h); truncated at the start
  double timeout_s = 300;     // for sending each request and its answer
  bool append_log = false;    // what an earlier process wrote stays in it
  bool interruptible = true;  // Ctrl-C cuts its steps short (process/interrupt.h)
  bool limits_memory = true;  // RLIMIT_DATA; not where a GPU is used: its driver reserves addresses
  Cores cores;  // the only ones it may run on, before its first instruction; empty: this program's
  bool default_precision = false;  // settings of the environment may choose the arithmetic
  std::string program;             // beside this one, in place of the engine's: "dnnbench-simplify"
  std::string version;  // the engine's in onnxruntime/VERSION/ beside this program, where it is
  // Folders it may write below, besides its engine's own in the cache (confinement.h). The first is
  // where its temporary files go.
  std::vector<std::string> writable;
};

class WorkerProcess {
 public:
  // Starts the process. Throws EngineEnded (unsupported) when there is no such executable, Error
  // when the log can't be written or no process can be made.
  explicit WorkerProcess(WorkerOptions options);

  // Kills it and all that it started.
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  // Sends a request and waits for its reply. Throws Interrupted, having killed it, and EngineEnded
  // when the engine refused it, did not answer within timeout_s, or ended; after a refusal the
  // process still lives.
  nlohmann::json request(const nlohmann::json& request) {
    ask(request);
    return answer();
  }

  // The same in two steps, for processes that work at the same time. The answer may take `lasts_s`
  // longer than timeout_s, and have so many `entries` in its lists. Each ask needs its answer
  // before anything else.
  void ask(const nlohmann::json& request, double lasts_s = 0, size_t entries = 0);
  nlohmann::json answer();

  // The answer as that structure, when check() of protocol/messages.h believes it as an answer to
  // what was asked; otherwise throws EngineEnded (failed).
  template <typename Fields, typename... Asked>
  Fields answer_as(const Asked&... asked) {
    const nlohmann::json fields = answer();
    try {
      auto read = read_fields<Fields>(fields);
      check(read, asked..., exchange_);
      return read;
    } catch (const Error& error) {
      end_as_nonsense(error.what());
    }
  }

  // Stops the whole process group (SIGSTOP) and returns when it stands, at the latest after a
  // second. The next request lets it go on.
  void pause();

  // The highest resident memory that the process reported with its last reply; 0 before it.
  int64_t peak_rss_bytes() const { return peak_rss_bytes_; }

  // How long this program did not run while it waited for the process, in all: something stopped
  // it, and perhaps the process as well. Such time counts for no deadline.
  double stopped_s() const { return std::chrono::duration<double>(stopped_).count(); }

  // Those that its threads may run on, as the kernel says now.
  Cores cores() const { return cores_of_process(child_ ? child_->pid() : -1); }

  bool alive() const { return child_.has_value(); }

  // -1 when it has ended.
  int64_t pid() const { return child_ ? child_->pid() : -1; }

  // From now on its steps are finished in spite of an interrupt.
  void finish_all_steps() { options_.interruptible = false; }

 private:
  using Clock = std::chrono::steady_clock;

  bool wait_for(int fd, short event, Clock::duration longest);
  void wait_in_time_for(int fd, short event);
  void send(const std::string& line);
  void receive();
  std::string wait_for_line();
  void resume();
  [[noreturn]] void end_as_nonsense(const std::string& why);
  [[noreturn]] void end_as_timed_out();
  [[noreturn]] void end_as_found_dead();
  Outcome outcome_of(int status) const;

  WorkerOptions options_;
  std::optional<LogFile> log_;
  std::optional<ChildProcess> child_;  // absent when it has ended
  int request_fd_ = -1;
  int reply_fd_ = -1;
  std::optional<LineReader> replies_;
  std::string verb_;  // asked last
  Exchange exchange_;
  Clock::time_point deadline_;
  Clock::duration stopped_{};
  bool answered_ = false;
  bool paused_ = false;
  int64_t peak_rss_bytes_ = 0;
  int64_t oom_kills_at_start_ = 0;
};

// Engines are found by name, as programs dnnbench-engine-<name> beside the running program.
std::string program_path(const std::string& engine);
bool engine_is_built(const std::string& engine);
std::vector<std::string> built_engines();  // sorted

// Whether that version of the engine has a program of its own, beside that of the usual version.
bool version_is_built(const std::string& engine, const std::string& version);

}  // namespace dnnbench
