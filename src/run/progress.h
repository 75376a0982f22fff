// Progress: what the run tells whoever watches. The run reports events; a terminal, a test or
// nobody decides what is shown.
#pragma once

#include <optional>
#include <string>

#include "results/result.h"

namespace dnnbench {

class Progress {
 public:
  virtual ~Progress() = default;

  // Something a person should read whoever watches: sizes chosen for dynamic dimensions, threads.
  virtual void note(const std::string& sentence) = 0;

  // `who` (an engine, or the reference) is at a step; remaining_s is how long it still takes, or
  // at most takes, where that is known.
  virtual void step(const std::string& who, const std::string& doing,
                    std::optional<double> remaining_s) = 0;

  // An engine has ended and its result is written.
  virtual void finished(const Result& result) = 0;
};

}  // namespace dnnbench
