#include "process/worker_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <thread>

#include "core/cache.h"
#include "core/clock.h"
#include "core/commands.h"
#include "core/error.h"
#include "core/folder.h"
#include "core/printable.h"
#include "machine/memory.h"
#include "process/guardian.h"
#include "process/interrupt.h"

namespace dnnbench {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

const std::string kProgramPrefix = "dnnbench-engine-";

// With these oneDNN computes f32 models in bf16, in whatever library it is part of. Images for Arm
// machines set them.
const std::vector<std::string> kPrecisionVariables{"ONEDNN_DEFAULT_FPMATH_MODE",
                                                   "DNNL_DEFAULT_FPMATH_MODE"};

// Throws Error where a path that a user chose or a name in the model is not UTF-8, as JSON must be.
std::string line_of(const json& request) {
  for (const auto& [key, value] : request.items()) {
    if (!value.is_string() || is_utf8(value.get<std::string>())) continue;
    throw Error(fmt::format("the path {} is not UTF-8; engines need one that is, so rename it",
                            printable(value.get<std::string>())));
  }
  try {
    return request.dump() + '\n';
  } catch (const json::exception&) {
    throw Error("a name in the model is not UTF-8; engines need names that are");
  }
}

std::filesystem::path programs_folder() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path();
}

Clock::duration to_duration(double seconds) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

struct Pipe {
  Pipe() {
    if (pipe2(ends, O_CLOEXEC) != 0) {
      throw Error(fmt::format("no pipe to a worker could be made: {}", std::strerror(errno)));
    }
  }
  ~Pipe() {
    for (const int end : ends) {
      if (end >= 0) close(end);
    }
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int take(size_t end) { return std::exchange(ends[end], -1); }

  int ends[2] = {-1, -1};  // to read, to write
};

// Throws EngineEnded when it is not there.
std::string program_of(const WorkerOptions& options) {
  const std::string name =
      options.program.empty() ? kProgramPrefix + options.engine : options.program;
  const std::filesystem::path folder = programs_folder();
  if (!options.version.empty()) {
    const std::string own = (folder / options.engine / options.version / name).string();
    if (access(own.c_str(), X_OK) == 0) return own;
  }
  const std::string path = (folder / name).string();
  if (access(path.c_str(), X_OK) == 0) return path;
  const std::string missing =
      options.program.empty()
          ? fmt::format(
                "engine \"{0}\"; engines/{0}/README.md in the source tree says what it needs",
                options.engine)
          : name;
  throw EngineEnded(
      {OutcomeKind::kUnsupported, fmt::format("this build of dnnbench has no {}", missing)});
}

std::vector<std::string> writable_folders(const WorkerOptions& options) {
  std::vector<std::string> folders = options.writable;
  if (options.engine.empty()) return folders;
  folders.push_back(compiled_folder(options.engine));
  std::error_code ignored;  // one that can't be made can't be written, which the engine will report
  std::filesystem::create_directories(folders.back(), ignored);
  return folders;
}

// 0: none. With less than the minimum no program starts, and that looks as if it were missing.
int64_t data_limit_bytes(const WorkerOptions& options) {
  constexpr int64_t kMin_bytes = int64_t{256} << 20;
  if (!kCanLimitMemory || !options.limits_memory) return 0;
  const int64_t free = free_memory_bytes();
  return free == 0 ? 0 : std::max(free, kMin_bytes);
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

std::string program_path(const std::string& engine) {
  return (programs_folder() / (kProgramPrefix + engine)).string();
}

bool engine_is_built(const std::string& engine) {
  return access(program_path(engine).c_str(), X_OK) == 0;
}

bool version_is_built(const std::string& engine, const std::string& version) {
  const auto folder = programs_folder() / engine / version;
  return access((folder / (kProgramPrefix + engine)).c_str(), X_OK) == 0;
}

std::vector<std::string> built_engines() {
  std::vector<std::string> names;
  for (const std::string& name : names_in(programs_folder().string())) {
    if (std::filesystem::path(name).has_extension()) continue;
    if (name.starts_with(kProgramPrefix)) names.push_back(name.substr(kProgramPrefix.size()));
  }
  return names;
}

WorkerProcess::WorkerProcess(WorkerOptions options) : options_(std::move(options)) {
  ChildOptions child;
  child.program = program_of(options_);
  log_.emplace(options_.log_path, options_.append_log);
  guard_empty_file(options_.log_path);
  Pipe requests, replies;
  child.output_fd = log_->fd();
  child.descriptors = {{requests.ends[0], kRequestFd}, {replies.ends[1], kReplyFd}};
  child.data_limit_bytes = data_limit_bytes(options_);
  child.cores = options_.cores;
  if (!options_.default_precision) child.unset = kPrecisionVariables;
  const Confinement confinement(writable_folders(options_));
  child.confinement = &confinement;
  if (!options_.writable.empty()) child.environment = {"TMPDIR=" + options_.writable.front()};
  oom_kills_at_start_ = oom_kill_count();
  child_.emplace(child);
  request_fd_ = requests.take(1);
  reply_fd_ = replies.take(0);
  fcntl(request_fd_, F_SETFL, O_NONBLOCK);  // a write is under the deadline, too
  replies_.emplace(reply_fd_);
}

WorkerProcess::~WorkerProcess() {
  child_.reset();
  log_->bound();
  for (const int fd : {request_fd_, reply_fd_}) close(fd);
}

void WorkerProcess::ask(const json& request, double lasts_s, size_t entries) {
  const std::string line = line_of(request);
  verb_ = request.at("do").get<std::string>();
  if (!alive()) {
    throw EngineEnded({OutcomeKind::kFailed, fmt::format("the engine had ended before {}", verb_)});
  }
  resume();
  deadline_ = Clock::now() + to_duration(options_.timeout_s + lasts_s);
  replies_->limit_line(max_reply_bytes(entries));
  if (wait_for(reply_fd_, POLLIN, Clock::duration::zero())) receive();  // its end, or
  if (replies_->has_pending()) end_as_nonsense("it spoke without being asked");
  exchange_.sent_s = monotonic_s();
  send(line);
}

json WorkerProcess::answer() {
  constexpr Clock::duration kReading = std::chrono::seconds(1);
  const bool is_late = Clock::now() > deadline_;
  // This program may have stood still, or waited for another process, while this one answered.
  if (is_late && wait_for(reply_fd_, POLLIN, Clock::duration::zero())) {
    deadline_ = Clock::now() + kReading;
  }
  Reply reply;
  try {
    reply = parse_reply(wait_for_line());
  } catch (const Error& error) {
    end_as_nonsense(error.what());
  }
  exchange_.answered_s = monotonic_s();
  answered_ = true;
  peak_rss_bytes_ = reply.peak_rss_bytes;
  if (!reply.outcome.ok()) throw EngineEnded(reply.outcome);
  return reply.fields;
}

void WorkerProcess::pause() {
  if (!alive() || paused_) return;
  kill(-child_->pid(), SIGSTOP);
  paused_ = true;
  const auto deadline = Clock::now() + std::chrono::seconds(1);
  siginfo_t state{};
  // Its end is left to be reaped, and reported by the next request.
  while (waitid(P_PID, static_cast<id_t>(child_->pid()), &state,
                WSTOPPED | WEXITED | WNOHANG | WNOWAIT) == 0 &&
         state.si_pid == 0 && Clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
}

void WorkerProcess::resume() {
  if (paused_) kill(-child_->pid(), SIGCONT);
  paused_ = false;
}

// Waits for the descriptor, or for the process's end: a stray grandchild may hold a pipe open.
// Returns whether the descriptor is ready. Throws EngineEnded when the process has ended and left
// nothing to read.
bool WorkerProcess::wait_for(int fd, short event, Clock::duration longest) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(longest);
  const bool has_ended = child_->ends_within(0);  // asked first: all that it wrote is there then
  pollfd watched{fd, event, 0};
  if (poll(&watched, 1, has_ended ? 0 : static_cast<int>(left.count())) > 0) return true;
  if (has_ended) end_as_found_dead();
  return false;
}

// The same under the deadline, the log being kept in bounds, and until an interrupt.
void WorkerProcess::wait_in_time_for(int fd, short event) {
  constexpr Clock::duration kLookAtLog = std::chrono::milliseconds(500);
  constexpr Clock::duration kLongestDelay = std::chrono::milliseconds(500);  // of a busy machine
  while (true) {
    const Clock::duration left = deadline_ - Clock::now();
    if (left <= Clock::duration::zero()) end_as_timed_out();
    if (options_.interruptible && is_interrupted()) {
      child_.reset();
      throw Interrupted();
    }
    const Clock::time_point start = Clock::now();
    const Clock::duration longest = std::min(left, kLookAtLog);
    const bool is_ready = wait_for(fd, event, longest);
    const Clock::duration over = Clock::now() - start - longest;
    if (over > kLongestDelay) {
      stopped_ += over;
      deadline_ += over;
    }
    if (is_ready) return;
    log_->bound();
  }
}

void WorkerProcess::send(const std::string& line) {
  for (size_t written = 0; written < line.size();) {
    const ssize_t count = write(request_fd_, line.data() + written, line.size() - written);
    if (count > 0) {
      written += static_cast<size_t>(count);
    } else if (errno == EAGAIN) {
      wait_in_time_for(request_fd_, POLLOUT);
    } else if (errno != EINTR) {
      end_as_found_dead();
    }
  }
}

void WorkerProcess::receive() {
  if (!replies_->read_some()) end_as_found_dead();
}

std::string WorkerProcess::wait_for_line() {
  while (true) {
    if (auto line = replies_->next_line()) return *line;
    if (replies_->is_too_long()) end_as_nonsense("it has no end");
    wait_in_time_for(reply_fd_, POLLIN);
    receive();
  }
}

// One that has lied is not asked again.
void WorkerProcess::end_as_nonsense(const std::string& why) {
  child_.reset();
  throw EngineEnded({OutcomeKind::kFailed,
                     fmt::format("the engine's answer to {} can't be true: {}", verb_, why)});
}

void WorkerProcess::end_as_timed_out() {
  child_.reset();
  throw EngineEnded(
      {OutcomeKind::kTimedOut,
       fmt::format("no answer to {} within {:g} s (--timeout)", verb_, options_.timeout_s)});
}

// A worker that closed its pipe is given a moment to end by itself, so that its own way of ending
// is reported and not our kill.
void WorkerProcess::end_as_found_dead() {
  constexpr double kGrace_s = 1;
  child_->ends_within(kGrace_s);
  const int status = child_->end();
  child_.reset();
  throw EngineEnded(outcome_of(status));
}

Outcome WorkerProcess::outcome_of(int status) const {
  const std::string last_line = log_->last_line();
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
    return {OutcomeKind::kCrashed,
            with_last_words(fmt::format("ended by {} ({}) during {}", signal_name(signal_number),
                                        strsignal(signal_number), verb_),
                            last_line)};
  }
  const int code = WEXITSTATUS(status);
  if (!answered_ && code == 127) {
    return {
        OutcomeKind::kFailed,
        with_last_words(fmt::format("the engine's program could not start; {} with the engine's "
                                    "flag installs what it needs",
                                    bench_name()),
                        last_line)};
  }
  return {OutcomeKind::kFailed,
          with_last_words(fmt::format("ended by itself with exit code {} during {}", code, verb_),
                          last_line)};
}

}  // namespace dnnbench
