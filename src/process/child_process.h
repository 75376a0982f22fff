// ChildProcess: a program that runs below this one, and whatever it starts. All of it ends with the
// object, and with this process. It adopts its own stray descendants, those in other sessions
// included, and this process adopts them after its end, so that none gets away. Not thread-safe.
// What this process forks by other means after its first ChildProcess is taken for a stray.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "machine/cores.h"
#include "process/confinement.h"

namespace dnnbench {

struct ChildOptions {
  std::string program;                 // path
  std::vector<std::string> arguments;  // after the program's name
  std::string folder;                  // where it runs; "": where this process does
  std::vector<std::string> unset;      // environment variables of this process that it doesn't get
  int output_fd = -1;                  // gets its stdout and stderr; -1: where this process's go
  std::vector<std::pair<int, int>> descriptors;  // ours, and the numbers it finds them under
  int64_t data_limit_bytes = 0;                  // RLIMIT_DATA; 0: none
  Cores cores;           // the only ones it may run on; empty: this process's
  bool in_group = true;  // in a process group of its own, deaf to SIGINT and SIGTERM;
                         // else in this process's
  std::vector<std::string> environment;      // "NAME=value", before this process's own
  const Confinement* confinement = nullptr;  // what it may touch; null: what this process may
};

class ChildProcess {
 public:
  // Throws Error when no process can be made. A program that can't be executed ends with 127.
  explicit ChildProcess(const ChildOptions& options);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Positive until it has been reaped.
  pid_t pid() const { return pid_; }

  // Whether it ends by itself within so long.
  bool ends_within(double seconds) const;

  // Kills it and all that it started, and reaps it. Returns its wait status, which is that of its
  // own end where it had ended before. One that the kernel doesn't end within so long (it waits for
  // a broken driver or file server) is left behind, as ended by SIGKILL.
  int end(double patience_s = 10);

 private:
  pid_t pid_ = -1;
  bool in_group_;
};

// "SIGSEGV"; "signal 40" for one without a name, such as the real-time signals.
std::string signal_name(int number);

}  // namespace dnnbench
