// Shows a run's progress on stderr: one line an engine, rewritten in place, when stderr is a
// terminal that can do that; otherwise only the notes.
#pragma once

#include <chrono>
#include <string>

#include "run/progress.h"

namespace dnnbench {

class TerminalProgress : public Progress {
 public:
  // Looks at stderr, NO_COLOR and TERM once.
  TerminalProgress();
  ~TerminalProgress() override;

  void note(const std::string& sentence) override;
  void step(const std::string& who, const std::string& doing,
            std::optional<double> remaining_s) override;
  void finished(const Result& result) override;

 private:
  void rewrite_line(const std::string& text);
  void clear_line();

  bool rewrites_ = false;  // stderr is a terminal, and not a dumb one
  bool colours_ = false;
  bool line_is_open_ = false;
};

}  // namespace dnnbench
