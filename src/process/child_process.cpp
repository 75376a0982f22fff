#include "process/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <set>
#include <string_view>
#include <thread>

#include "core/clock.h"
#include "core/error.h"
#include "core/folder.h"
#include "machine/busy_programs.h"
#include "process/guardian.h"

namespace dnnbench {
namespace {

constexpr int kFirstFree_fd = 16;  // above all numbers that a child finds descriptors under

// All that the child needs, made before the fork.
struct Start {
  explicit Start(const ChildOptions& child) : options(child), cores(sets_of(child.cores)) {
    words = child.arguments;
    words.insert(words.begin(), child.program);
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    for (const std::string& variable : child.environment) {
      environment.push_back(const_cast<char*>(variable.c_str()));
    }
    for (char** variable = environ; *variable != nullptr; ++variable) {
      const bool is_mark = std::strncmp(*variable, kMarkName, std::strlen(kMarkName)) == 0;
      if (is_mark && child.in_group) continue;
      if (!is_unset(*variable)) environment.push_back(*variable);
    }
    if (child.in_group) mark = guardian_mark();
    if (!mark.empty()) environment.push_back(mark.data());
    environment.push_back(nullptr);
  }

  bool is_unset(std::string_view variable) const {
    return std::any_of(options.unset.begin(), options.unset.end(), [&](const std::string& name) {
      return variable.starts_with(name) && variable.substr(name.size()).starts_with('=');
    });
  }

  const ChildOptions& options;
  pid_t parent = getpid();
  std::vector<cpu_set_t> cores;
  std::vector<std::string> words;
  std::string mark;
  std::vector<char*> arguments, environment;
};

// What the child does between fork and exec: async-signal-safe calls only.
[[noreturn]] void become(Start& start) {
  const ChildOptions& options = start.options;
  if (options.in_group) {
    setpgid(0, 0);
    // A scheduler sends these to all processes of a job; what they mean for the run, its parent
    // decides.
    for (const int signal_number : {SIGINT, SIGTERM}) signal(signal_number, SIG_IGN);
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (getppid() != start.parent) _exit(127);
  rlimit data{};
  if (options.data_limit_bytes > 0 && getrlimit(RLIMIT_DATA, &data) == 0) {
    data.rlim_cur = std::min(data.rlim_cur, static_cast<rlim_t>(options.data_limit_bytes));
    setrlimit(RLIMIT_DATA, &data);
  }
  const std::vector<cpu_set_t>& cores = start.cores;
  if (!cores.empty()) sched_setaffinity(0, cores.size() * sizeof(cpu_set_t), cores.data());
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  signal(SIGXFSZ, SIG_DFL);
  // Above the target numbers first, so that no dup2 overwrites a descriptor still needed.
  const int output = options.output_fd < 0 ? -1 : fcntl(options.output_fd, F_DUPFD, kFirstFree_fd);
  int copies[kFirstFree_fd];
  size_t count = 0;
  for (const auto& [ours, theirs] : options.descriptors) {
    copies[count++] = fcntl(ours, F_DUPFD_CLOEXEC, kFirstFree_fd);
  }
  if (output >= 0) {
    dup2(output, 1);
    dup2(output, 2);
    close(output);
  }
  count = 0;
  for (const auto& [ours, theirs] : options.descriptors) dup2(copies[count++], theirs);
  const int null_fd = open("/dev/null", O_RDONLY);
  if (null_fd >= 0) dup2(null_fd, 0);
  if (null_fd > 2) close(null_fd);
  if (!options.folder.empty() && chdir(options.folder.c_str()) != 0) _exit(127);
  if (options.confinement != nullptr) options.confinement->enter();
  execve(options.program.c_str(), start.arguments.data(), start.environment.data());
  _exit(127);
}

std::set<pid_t> children_of_this_process() {
  std::set<pid_t> children;
  for (const std::string& name : names_in("/proc")) {
    const pid_t pid = std::atoi(name.c_str());
    const auto process = pid > 0 ? read_process(pid) : std::nullopt;
    if (process && process->parent == getpid()) children.insert(pid);
  }
  return children;
}

// Those that are not strays: what this program had before it started anything (a shell's pipes),
// and what it started.
std::set<pid_t>& own_children() {
  static std::set<pid_t> children = children_of_this_process();
  return children;
}

// Whether this child has, or does so within so long; it stays to be reaped. Without a pidfd, which
// older kernels and containers refuse.
bool ends_within(pid_t pid, double seconds) {
  constexpr auto kBetweenLooks = std::chrono::milliseconds(5);
  const double deadline_s = monotonic_s() + seconds;
  while (true) {
    const bool is_late = monotonic_s() >= deadline_s;
    siginfo_t state{};
    const int failed = waitid(P_PID, static_cast<id_t>(pid), &state, WEXITED | WNOHANG | WNOWAIT);
    if (failed != 0 || state.si_pid != 0) return true;
    if (is_late) return false;
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

// Of one that was killed: its wait status. One that the kernel can't end in that time is left alone
// from then on; init reaps it once this process has ended.
int reap(pid_t pid, double patience_s) {
  int status = SIGKILL;
  if (ends_within(pid, patience_s)) {
    waitpid(pid, &status, 0);
    own_children().erase(pid);
  } else {
    own_children().insert(pid);
  }
  return status;
}

// Those adopted of children that have ended. Each that is killed may leave further ones.
void find_and_kill_strays(double patience_s) {
  constexpr int kMaxGenerations = 1000;
  for (int generation = 0; generation < kMaxGenerations; ++generation) {
    std::set<pid_t> strays = children_of_this_process();
    for (const pid_t pid : own_children()) strays.erase(pid);
    if (strays.empty()) return;
    for (const pid_t pid : strays) kill(pid, SIGKILL);
    for (const pid_t pid : strays) reap(pid, patience_s);
  }
}

// A destructor's work. Without memory or descriptors to find them now, the guardian kills them when
// this process ends.
void kill_strays(double patience_s) noexcept {
  try {
    find_and_kill_strays(patience_s);
  } catch (const std::exception&) {
  }
}

}  // namespace

ChildProcess::ChildProcess(const ChildOptions& options) : in_group_(options.in_group) {
  own_children();  // before this process adopts any
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  signal(SIGPIPE, SIG_IGN);  // a child's end is found by what is written to it, too
  if (in_group_) own_children().insert(guardian_pid());
  Start start(options);
  pid_ = fork();
  if (pid_ == 0) become(start);
  if (pid_ < 0) throw Error(fmt::format("no process could be made: {}", std::strerror(errno)));
  own_children().insert(pid_);
  if (in_group_) {
    setpgid(pid_, pid_);  // here too, whichever comes first
    guard_process_group(pid_);
  }
}

ChildProcess::~ChildProcess() { end(); }

bool ChildProcess::ends_within(double seconds) const {
  return dnnbench::ends_within(pid_, seconds);
}

int ChildProcess::end(double patience_s) {
  if (pid_ <= 0) return 0;
  const pid_t all = in_group_ ? -pid_ : pid_;
  kill(all, SIGCONT);
  kill(all, SIGKILL);
  const int status = reap(pid_, patience_s);
  if (in_group_) release_process_group(pid_);
  pid_ = -1;
  kill_strays(patience_s);
  return status;
}

std::string signal_name(int number) {
  const char* const name = sigabbrev_np(number);
  return name != nullptr ? fmt::format("SIG{}", name) : fmt::format("signal {}", number);
}

}  // namespace dnnbench
