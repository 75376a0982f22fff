// Shows a run's progress on stderr: one line for the whole run, rewritten in place, where stderr is
// a terminal that can do that. Elsewhere a line for each phase that takes more than a few seconds,
// then one every 20 s. Thread-safe: a thread of its own keeps the time shown up to date.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "cli/progress_line.h"
#include "run/progress.h"

namespace dnnbench {

class TerminalProgress : public Progress {
 public:
  // Looks at stderr, NO_COLOR and TERM once.
  TerminalProgress();
  ~TerminalProgress() override;

  // Begins comparison number `comparison`, from 1 on, of `comparisons`.
  void begin(size_t comparison, size_t comparisons);

  // Nothing is shown until the next call of another function.
  void hide();

  void note(const std::string& sentence) override;
  void step(const std::string& who, const std::string& doing,
            std::optional<double> remaining_s) override;
  void measuring(const Advance& advance) override;
  void finished(const Result& result) override;

 private:
  void tick();
  void redraw();
  void write_line();
  void clear_line();

  const bool rewrites_;
  const bool colours_;
  const double begun_at_s_;
  std::mutex mutex_;  // of all below
  std::condition_variable woken_;
  bool ended_ = false;
  bool hidden_ = true;
  RunState state_;
  double measuring_since_s_ = 0;
  double step_since_s_ = 0;
  std::string line_;           // that is on the screen now
  std::string written_phase_;  // in a log
  double phase_since_s_ = 0;
  std::string phase_;
  double written_at_s_ = 0;
  std::thread ticker_;  // last: it uses the others
};

}  // namespace dnnbench
