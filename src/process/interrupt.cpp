#include "process/interrupt.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <string_view>

namespace dnnbench {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM};

// Not an object that could be passed on: a signal handler gets nothing but the signal.
std::atomic<int> first_signal{0};  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)
static_assert(std::atomic<int>::is_always_lock_free);

void say(std::string_view text) {
  if (write(STDERR_FILENO, text.data(), text.size()) < 0) return;  // nobody reads it
}

void handle(int signal_number) {
  int none = 0;
  if (!first_signal.compare_exchange_strong(none, signal_number)) {
    // The guardian ends the engines and clears away the rest (process/guardian.h).
    signal(signal_number, SIG_DFL);
    raise(signal_number);
    return;
  }
  const int error = errno;
  if (isatty(STDERR_FILENO) == 1) say("\r\033[K");
  say("Interrupted: finishing this turn; once more ends at once\n");
  errno = error;
}

}  // namespace

InterruptGuard::InterruptGuard() {
  first_signal = 0;
  struct sigaction action{};
  action.sa_handler = handle;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < std::size(kSignals); ++i) {
    sigaction(kSignals[i], nullptr, &before_[i]);
    if (before_[i].sa_handler != SIG_IGN) sigaction(kSignals[i], &action, nullptr);
  }
}

InterruptGuard::~InterruptGuard() {
  first_signal = 0;
  for (size_t i = 0; i < std::size(kSignals); ++i) sigaction(kSignals[i], &before_[i], nullptr);
}

int interrupt_signal() { return first_signal; }

}  // namespace dnnbench
