#include "process/worker_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "core/error.h"
#include "machine/memory.h"
#include "process/guardian.h"

namespace dnnbench {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

const std::string kProgramPrefix = "dnnbench-engine-";

std::filesystem::path programs_folder() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path();
}

double now_s() { return std::chrono::duration<double>(Clock::now().time_since_epoch()).count(); }

struct Pipe {
  int read_end = -1;
  int write_end = -1;
};

Pipe make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    throw Error(fmt::format("no pipe to a worker could be made: {}", std::strerror(errno)));
  }
  return {ends[0], ends[1]};
}

cpu_set_t set_of(const Cores& cores) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int core : cores) CPU_SET(core, &set);
  return set;
}

// What the child does between fork and exec: async-signal-safe calls only.
[[noreturn]] void become_worker(const char* executable, const char* name, int request_fd,
                                int reply_fd, int log_fd, pid_t parent, int64_t data_limit_bytes,
                                const cpu_set_t& cores) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  rlimit data{};
  if (data_limit_bytes > 0 && getrlimit(RLIMIT_DATA, &data) == 0) {
    data.rlim_cur = std::min(data.rlim_cur, static_cast<rlim_t>(data_limit_bytes));
    setrlimit(RLIMIT_DATA, &data);
  }
  if (CPU_COUNT(&cores) > 0) sched_setaffinity(0, sizeof cores, &cores);  // read back by cores()
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  // Above the target numbers first, so that no dup2 overwrites a descriptor still needed.
  const int request_copy = fcntl(request_fd, F_DUPFD_CLOEXEC, 10);
  const int reply_copy = fcntl(reply_fd, F_DUPFD_CLOEXEC, 10);
  const int log_copy = fcntl(log_fd, F_DUPFD_CLOEXEC, 10);
  dup2(log_copy, 1);
  dup2(log_copy, 2);
  dup2(request_copy, kRequestFd);
  dup2(reply_copy, kReplyFd);
  const int null_fd = open("/dev/null", O_RDONLY);
  if (null_fd >= 0) dup2(null_fd, 0);
  execl(executable, name, static_cast<char*>(nullptr));
  _exit(127);
}

std::string last_log_line(const std::string& path) {
  std::ifstream log(path, std::ios::binary);
  log.seekg(0, std::ios::end);
  const std::streamoff size = log.tellg();
  log.seekg(std::max<std::streamoff>(0, size - 4096));
  std::string line, last;
  while (std::getline(log, line)) {
    if (line.find_first_not_of(" \t\r") != std::string::npos) last = line;
  }
  return last.substr(0, 300);
}

bool speaks_of_memory(const std::string& line) {
  return line.find("bad_alloc") != std::string::npos ||
         line.find("out of memory") != std::string::npos ||
         line.find("Cannot allocate memory") != std::string::npos;
}

std::string with_last_words(std::string reason, const std::string& last_line) {
  if (!last_line.empty()) reason += fmt::format("; its last line was: {}", last_line);
  return reason;
}

}  // namespace

bool engine_is_built(const std::string& engine) {
  return access((programs_folder() / (kProgramPrefix + engine)).c_str(), X_OK) == 0;
}

std::vector<std::string> built_engines() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(programs_folder())) {
    const std::string name = entry.path().filename().string();
    if (name.rfind(kProgramPrefix, 0) == 0) names.push_back(name.substr(kProgramPrefix.size()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

WorkerProcess::WorkerProcess(WorkerOptions options) : options_(std::move(options)) {
  const std::string name =
      options_.program.empty() ? kProgramPrefix + options_.engine : options_.program;
  const std::string executable = (programs_folder() / name).string();
  if (access(executable.c_str(), X_OK) != 0) {
    throw EngineEnded(
        {OutcomeKind::kUnsupported,
         options_.program.empty()
             ? fmt::format("this build of dnnbench has no engine \"{}\"", options_.engine)
             : fmt::format("this build of dnnbench has no {}", name)});
  }
  const int log_flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;
  const int log_fd =
      open(options_.log_path.c_str(), log_flags | (options_.append_log ? 0 : O_TRUNC), 0644);
  if (log_fd < 0) {
    throw Error(
        fmt::format("could not write the log {}: {}", options_.log_path, std::strerror(errno)));
  }
  const Pipe requests = make_pipe();
  const Pipe replies = make_pipe();
  const int64_t limit = kCanLimitMemory ? free_memory_bytes() : 0;
  oom_kills_at_start_ = oom_kill_count();
  const cpu_set_t cores = set_of(options_.cores);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) {
    become_worker(executable.c_str(), name.c_str(), requests.read_end, replies.write_end, log_fd,
                  parent, limit, cores);
  }
  close(requests.read_end);
  close(replies.write_end);
  close(log_fd);
  request_fd_ = requests.write_end;
  reply_fd_ = replies.read_end;
  if (pid_ < 0) throw Error(fmt::format("no process could be made: {}", std::strerror(errno)));
  setpgid(pid_, pid_);  // here too, whichever comes first
  guard_process_group(pid_);
  pid_fd_ = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  replies_.emplace(reply_fd_);
}

WorkerProcess::~WorkerProcess() {
  if (alive()) {
    kill_group();
    reap();
  }
  for (const int fd : {request_fd_, reply_fd_, pid_fd_}) {
    if (fd >= 0) close(fd);
  }
}

void WorkerProcess::ask(const json& request, double lasts_s, size_t entries) {
  replies_->limit_line(max_reply_bytes(entries));
  verb_ = request.at("do").get<std::string>();
  if (!alive()) {
    throw EngineEnded({OutcomeKind::kFailed, fmt::format("the engine had ended before {}", verb_)});
  }
  resume();
  deadline_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                 std::chrono::duration<double>(options_.timeout_s + lasts_s));
  exchange_.sent_s = now_s();
  if (!write_line(request_fd_, request.dump())) end_as_found_dead();
}

json WorkerProcess::answer() {
  Reply reply;
  try {
    reply = parse_reply(wait_for_line());
  } catch (const Error& error) {
    end_as_nonsense(error.what());
  }
  exchange_.answered_s = now_s();
  answered_ = true;
  peak_rss_bytes_ = reply.peak_rss_bytes;
  if (!reply.outcome.ok()) throw EngineEnded(reply.outcome);
  return reply.fields;
}

void WorkerProcess::pause() {
  if (!alive() || paused_) return;
  kill(-pid_, SIGSTOP);
  paused_ = true;
  const auto deadline = Clock::now() + std::chrono::seconds(1);
  siginfo_t state{};
  // Its end is left for reap, and told by the next request.
  while (waitid(P_PID, static_cast<id_t>(pid_), &state, WSTOPPED | WEXITED | WNOHANG | WNOWAIT) ==
             0 &&
         state.si_pid == 0 && Clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
}

void WorkerProcess::resume() {
  if (paused_) kill(-pid_, SIGCONT);
  paused_ = false;
}

// A stray grandchild may hold the reply pipe open after the worker's end, so the end is watched
// for by the process's descriptor as well.
std::string WorkerProcess::wait_for_line() {
  while (true) {
    if (auto line = replies_->next_line()) return *line;
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
    if (left <= 0) end_as_timed_out();
    std::array<pollfd, 2> watched{{{reply_fd_, POLLIN, 0}, {pid_fd_, POLLIN, 0}}};
    const int timeout_ms = static_cast<int>(std::min<int64_t>(left, 1'000'000'000));
    if (poll(watched.data(), watched.size(), timeout_ms) < 0 && errno != EINTR) {
      end_as_found_dead();
    }
    if (watched[0].revents != 0) {
      if (!replies_->read_some()) end_as_found_dead();
      if (replies_->is_too_long()) end_as_nonsense("it has no end");
    } else if (watched[1].revents != 0) {
      end_as_found_dead();
    }
  }
}

// One that has lied is not asked again.
void WorkerProcess::end_as_nonsense(const std::string& why) {
  if (alive()) {
    kill_group();
    reap();
  }
  throw EngineEnded({OutcomeKind::kFailed,
                     fmt::format("the engine's answer to {} can't be true: {}", verb_, why)});
}

void WorkerProcess::end_as_timed_out() {
  kill_group();
  reap();
  throw EngineEnded(
      {OutcomeKind::kTimedOut,
       fmt::format("no answer to {} within {:g} s (--timeout)", verb_, options_.timeout_s)});
}

void WorkerProcess::end_as_found_dead() {
  // A worker that closed its pipe is given a moment to end by itself, so that its own way of
  // ending is told and not our kill.
  constexpr int kGrace_ms = 1000;
  pollfd end{pid_fd_, POLLIN, 0};
  poll(&end, 1, kGrace_ms);
  kill_group();
  const int status = reap();
  throw EngineEnded(outcome_of(status));
}

Outcome WorkerProcess::outcome_of(int status) const {
  const std::string last_line = last_log_line(options_.log_path);
  if (WIFSIGNALED(status)) {
    const int signal_number = WTERMSIG(status);
    if (signal_number == SIGKILL && oom_kill_count() > oom_kills_at_start_) {
      return {OutcomeKind::kOutOfMemory,
              fmt::format("ended by the kernel's out-of-memory killer during {}", verb_)};
    }
    if (speaks_of_memory(last_line)) {
      return {OutcomeKind::kOutOfMemory,
              with_last_words(fmt::format("no memory left during {}", verb_), last_line)};
    }
    return {OutcomeKind::kCrashed, with_last_words(fmt::format("ended by SIG{} ({}) during {}",
                                                               sigabbrev_np(signal_number),
                                                               strsignal(signal_number), verb_),
                                                   last_line)};
  }
  const int code = WEXITSTATUS(status);
  if (!answered_ && code == 127) {
    return {OutcomeKind::kFailed,
            with_last_words("the engine's program could not start; ./bench_model.sh with the "
                            "engine's flag installs what it needs",
                            last_line)};
  }
  return {OutcomeKind::kFailed,
          with_last_words(fmt::format("ended by itself with exit code {} during {}", code, verb_),
                          last_line)};
}

void WorkerProcess::kill_group() {
  kill(-pid_, SIGCONT);
  kill(-pid_, SIGKILL);
}

int WorkerProcess::reap() {
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  release_process_group(pid_);
  pid_ = -1;
  return status;
}

}  // namespace dnnbench
