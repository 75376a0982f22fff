#include "cli/terminal_progress.h"

#include <fmt/format.h>
#include <pthread.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <functional>

#include "cli/layout.h"
#include "cli/terminal.h"
#include "core/printable.h"
#include "measure/surroundings.h"

namespace dnnbench {
namespace {

constexpr const char* kRed = "\033[31m";
constexpr const char* kPlain = "\033[0m";
constexpr double kLongPhase_s = 5;  // a shorter one gets no line in a log
constexpr double kLogInterval_s = 20;

std::thread without_signals(const std::function<void()>& work) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(work);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace

TerminalProgress::TerminalProgress()
    : rewrites_(can_rewrite(STDERR_FILENO)),
      colours_(can_colour(STDERR_FILENO)),
      begun_at_s_(monotonic_s()),
      written_at_s_(begun_at_s_),
      ticker_(without_signals([this] { tick(); })) {}

TerminalProgress::~TerminalProgress() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    clear_line();
  }
  woken_.notify_all();
  ticker_.join();
}

void TerminalProgress::begin(size_t comparison, size_t comparisons) {
  const std::lock_guard lock(mutex_);
  state_ = RunState();
  state_.comparison = comparison;
  state_.comparisons = comparisons;
}

void TerminalProgress::hide() {
  const std::lock_guard lock(mutex_);
  clear_line();
  hidden_ = true;
}

void TerminalProgress::note(const std::string& sentence) {
  const std::lock_guard lock(mutex_);
  clear_line();
  fmt::print(stderr, "{}", wrapped(printable(sentence) + "\n", width_of(STDERR_FILENO)));
  if (!hidden_) redraw();
}

void TerminalProgress::step(const std::string& who, const std::string& doing,
                            std::optional<double> /*remaining_s*/) {
  const std::lock_guard lock(mutex_);
  hidden_ = false;
  state_.step = printable(fmt::format("{}: {}", who, doing));
  step_since_s_ = monotonic_s();
  if (!state_.advance) redraw();  // otherwise when it takes long
}

void TerminalProgress::measuring(const Advance& advance) {
  const std::lock_guard lock(mutex_);
  hidden_ = false;
  if (!state_.advance) measuring_since_s_ = monotonic_s();
  state_.measuring_s = monotonic_s() - measuring_since_s_;
  state_.advance = advance;
  state_.advance->standing = printable(advance.standing);
  state_.step.clear();
  redraw();
}

// The table shows the rest; what failed is known before.
void TerminalProgress::finished(const Result& result) {
  const std::lock_guard lock(mutex_);
  if (!rewrites_ || result.outcome.ok()) return;
  clear_line();
  const std::string label = printable(result.label) + ": ";
  const std::string_view kind = to_string(result.outcome.kind);
  std::string text =
      wrapped(fmt::format("{}{}: {}\n", label, kind, printable(result.outcome.reason)),
              width_of(STDERR_FILENO));
  if (colours_ && text.compare(label.size(), kind.size(), kind) == 0) {
    text.insert(label.size() + kind.size(), kPlain).insert(label.size(), kRed);
  }
  fmt::print(stderr, "{}", text);
  if (!hidden_) redraw();
}

void TerminalProgress::tick() {
  std::unique_lock lock(mutex_);
  while (!woken_.wait_for(lock, std::chrono::seconds(1), [this] { return ended_; })) {
    if (!hidden_) redraw();
  }
}

void TerminalProgress::redraw() {
  state_.step_s = monotonic_s() - step_since_s_;
  if (!rewrites_) return write_line();
  const std::string line = progress_line(state_, width_of(STDERR_FILENO), colours_);
  if (line == line_) return;
  fmt::print(stderr, "\r\033[K{}", line);
  std::fflush(stderr);
  line_ = line;
}

void TerminalProgress::write_line() {
  const double now_s = monotonic_s();
  const std::string phase = phase_of(state_);
  if (phase != phase_) phase_since_s_ = now_s;
  phase_ = phase;
  const bool is_new = phase != written_phase_ && now_s - phase_since_s_ >= kLongPhase_s;
  if (!is_new && now_s - written_at_s_ < kLogInterval_s) return;
  fmt::print(stderr, "[{:.0f} s] {}\n", now_s - begun_at_s_, progress_words(state_));
  written_phase_ = phase;
  written_at_s_ = now_s;
}

void TerminalProgress::clear_line() {
  if (line_.empty()) return;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
  line_.clear();
}

}  // namespace dnnbench
