// What Ctrl-C (SIGINT) and SIGTERM do to a run: the first asks it to finish its turn, store what is
// known and end; the second ends the program at once, as without all this.
#pragma once

#include <csignal>
#include <stdexcept>

namespace dnnbench {

// Handles both signals as long as it lives; at most one at a time. A signal that the program was
// started to ignore stays ignored.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

 private:
  struct sigaction before_[2]{};
};

// The signal that came first; 0 where none did. Safe to call from any thread.
int interrupt_signal();

inline bool is_interrupted() { return interrupt_signal() != 0; }

// Thrown by a step that an interrupt has cut short because nothing was measured in it: loading a
// model, computing the reference.
class Interrupted : public std::runtime_error {
 public:
  Interrupted() : std::runtime_error("interrupted") {}
};

}  // namespace dnnbench
