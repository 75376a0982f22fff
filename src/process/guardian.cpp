#include "process/guardian.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <set>

#include "core/folder.h"
#include "core/whole_file.h"

namespace dnnbench {
namespace {

constexpr int kDescriptors = 1024;  // more than are open when the guardian starts

struct Message {
  enum class Verb { kGuardGroup, kReleaseGroup, kGuardPath, kGuardEmptyFile };

  Verb verb;
  pid_t group = 0;
  std::array<char, 2048> path{};  // a message is written to the pipe as a whole up to 4096
};

// Its environment is what the process was started with.
bool has_mark(const std::filesystem::path& process, const std::string& mark) {
  const std::string environment = read_whole_file(process / "environ").value_or("");
  return ('\0' + environment).find('\0' + mark + '\0') != std::string::npos;
}

// What left its worker's process group.
void kill_strays(const std::string& mark) {
  constexpr int kMaxGenerations = 100;
  bool found = true;
  for (int generation = 0; found && generation < kMaxGenerations; ++generation) {
    found = false;
    for (const std::string& name : names_in("/proc")) {
      const pid_t pid = std::atoi(name.c_str());
      if (pid > 0 && has_mark("/proc/" + name, mark)) found = kill(pid, SIGKILL) == 0 || found;
    }
  }
}

[[noreturn]] void serve_as_guardian(int fd, const std::string& mark) {
  setsid();  // a Ctrl-C at the terminal must not end the guardian before its work
  for (const int signal_number : {SIGINT, SIGTERM, SIGHUP}) signal(signal_number, SIG_IGN);
  std::set<pid_t> groups;
  std::set<std::string> paths, files;
  Message message;
  while (read(fd, &message, sizeof message) == static_cast<ssize_t>(sizeof message)) {
    if (message.verb == Message::Verb::kGuardGroup) groups.insert(message.group);
    if (message.verb == Message::Verb::kReleaseGroup) groups.erase(message.group);
    if (message.verb == Message::Verb::kGuardPath) paths.insert(message.path.data());
    if (message.verb == Message::Verb::kGuardEmptyFile) files.insert(message.path.data());
  }
  for (const pid_t group : groups) {
    kill(-group, SIGCONT);
    kill(-group, SIGKILL);
  }
  kill_strays(mark);
  std::error_code ignored;
  for (const std::string& path : paths) std::filesystem::remove_all(path, ignored);
  for (const std::string& path : files) {
    if (std::filesystem::file_size(path, ignored) == 0) std::filesystem::remove(path, ignored);
  }
  _exit(0);
}

struct Guardian {
  Guardian() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return;
    signal(SIGPIPE, SIG_IGN);  // should the guardian be killed
    pid = fork();
    if (pid == 0) {
      // Whoever waits for the end of a pipe of ours must not wait for the guardian.
      for (int other = 0; other < kDescriptors; ++other) {
        if (other != ends[0]) close(other);
      }
      serve_as_guardian(ends[0], mark);
    }
    close(ends[0]);
    if (pid > 0) fd = ends[1];
  }

  // No other process that lives has had this number at this time.
  std::string mark = kMarkName + std::to_string(getpid()) + "-" +
                     std::to_string(std::chrono::steady_clock::now().time_since_epoch().count());
  pid_t pid = -1;
  int fd = -1;
};

const Guardian& guardian() {
  static const Guardian one;
  return one;
}

void report(const Message& message) {
  // Without a guardian (no process could be made) PR_SET_PDEATHSIG is what remains.
  const int fd = guardian().fd;
  if (fd >= 0 && write(fd, &message, sizeof message) < 0) return;
}

void report_path(Message::Verb verb, const std::string& path) {
  Message message{verb};
  if (path.size() >= message.path.size()) return;
  std::memcpy(message.path.data(), path.data(), path.size());
  report(message);
}

}  // namespace

void guard_process_group(pid_t group) { report({Message::Verb::kGuardGroup, group}); }
void release_process_group(pid_t group) { report({Message::Verb::kReleaseGroup, group}); }

pid_t guardian_pid() { return guardian().pid; }
std::string guardian_mark() { return guardian().mark; }

void guard_path(const std::string& path) { report_path(Message::Verb::kGuardPath, path); }

void guard_empty_file(const std::string& path) {
  report_path(Message::Verb::kGuardEmptyFile, path);
}

}  // namespace dnnbench
