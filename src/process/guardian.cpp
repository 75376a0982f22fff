#include "process/guardian.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <set>

namespace dnnbench {
namespace {

constexpr int kDescriptors = 1024;  // more than are open when the guardian starts

struct Message {
  enum class Verb { kGuardGroup, kReleaseGroup, kGuardPath };

  Verb verb;
  pid_t group = 0;
  std::array<char, 2048> path{};  // a message is written to the pipe as a whole up to 4096
};

[[noreturn]] void serve_as_guardian(int fd) {
  setsid();  // a Ctrl-C at the terminal must not end the guardian before its work
  for (const int signal_number : {SIGINT, SIGTERM, SIGHUP}) signal(signal_number, SIG_IGN);
  std::set<pid_t> groups;
  std::set<std::string> paths;
  Message message;
  while (read(fd, &message, sizeof message) == static_cast<ssize_t>(sizeof message)) {
    if (message.verb == Message::Verb::kGuardGroup) groups.insert(message.group);
    if (message.verb == Message::Verb::kReleaseGroup) groups.erase(message.group);
    if (message.verb == Message::Verb::kGuardPath) paths.insert(message.path.data());
  }
  for (const pid_t group : groups) {
    kill(-group, SIGCONT);
    kill(-group, SIGKILL);
  }
  std::error_code ignored;
  for (const std::string& path : paths) std::filesystem::remove_all(path, ignored);
  _exit(0);
}

int start_guardian() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return -1;
  const pid_t pid = fork();
  if (pid == 0) {
    // Whoever waits for the end of a pipe of ours must not wait for the guardian.
    for (int fd = 0; fd < kDescriptors; ++fd) {
      if (fd != ends[0]) close(fd);
    }
    serve_as_guardian(ends[0]);
  }
  close(ends[0]);
  return pid < 0 ? -1 : ends[1];
}

void report(const Message& message) {
  static const int fd = start_guardian();
  // Without a guardian (no process could be made) PR_SET_PDEATHSIG is what remains.
  if (fd >= 0 && write(fd, &message, sizeof message) < 0) return;
}

}  // namespace

void guard_process_group(pid_t group) { report({Message::Verb::kGuardGroup, group}); }
void release_process_group(pid_t group) { report({Message::Verb::kReleaseGroup, group}); }

void guard_path(const std::string& path) {
  Message message{Message::Verb::kGuardPath};
  if (path.size() >= message.path.size()) return;
  std::memcpy(message.path.data(), path.data(), path.size());
  report(message);
}

}  // namespace dnnbench
