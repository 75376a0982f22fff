#include "worker/crash_report.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>

namespace dnnbench {
namespace {

// All below is called in a signal handler: it allocates nothing.

// What RLIMIT_DATA counts; 0 where it can't be read.
int64_t data_bytes() {
  constexpr char kField[] = "\nVmData:";
  char text[4096];
  const int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  const ssize_t length = read(fd, text, sizeof text - 1);
  close(fd);
  if (length <= 0) return 0;
  text[length] = '\0';
  const char* const field = std::strstr(text, kField);
  return field == nullptr ? 0 : std::strtoll(field + std::strlen(kField), nullptr, 10) * 1024;
}

void report_memory() {
  rlimit limit{};
  if (getrlimit(RLIMIT_DATA, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return;
  const auto limit_bytes = static_cast<int64_t>(limit.rlim_cur);
  const int64_t in_use_bytes = data_bytes();
  if (in_use_bytes < limit_bytes - limit_bytes / 8) return;
  char line[128];
  const int length =
      std::snprintf(line, sizeof line, "out of memory: %lld of %lld MB were in use\n",
                    static_cast<long long>(in_use_bytes / 1'000'000),
                    static_cast<long long>(limit_bytes / 1'000'000));
  if (write(STDERR_FILENO, line, static_cast<size_t>(length)) < 0) return;
}

void on_fatal_signal(int signal_number) {
  if (errno == ENOMEM) report_memory();
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

}  // namespace

void report_memory_at_crashes() {
  struct sigaction action{};
  action.sa_handler = on_fatal_signal;
  action.sa_flags = SA_NODEFER;
  sigemptyset(&action.sa_mask);
  for (const int number : {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE}) {
    sigaction(number, &action, nullptr);
  }
}

}  // namespace dnnbench
