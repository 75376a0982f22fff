// Progress: what the run reports to whoever watches. The run reports events; a terminal, a test or
// nobody decides what is shown.
#pragma once

#include <optional>
#include <string>

#include "results/result.h"

namespace dnnbench {

// How far a comparison is.
struct Advance {
  double done = 0;             // share of the measuring that is done at most, 0 to 1
  bool may_end_early = false;  // it ends as soon as the order is known
  std::string standing;        // "openvino 1.08x ahead of onnxruntime, 7 blocks"
};

class Progress {
 public:
  virtual ~Progress() = default;

  // Something a person should read whoever watches: sizes chosen for dynamic dimensions, threads.
  virtual void note(const std::string& sentence) = 0;

  // `who` (an engine, or the reference) is at a step; remaining_s is how long it still takes, or
  // at most takes, where that is known.
  virtual void step(const std::string& who, const std::string& doing,
                    std::optional<double> remaining_s) = 0;

  // Between turns. Steps that follow, such as loading an engine again, are part of the measuring.
  virtual void measuring(const Advance&) {}

  // An engine has ended and its result is written.
  virtual void finished(const Result& result) = 0;
};

// Shows nothing.
class NoProgress : public Progress {
 public:
  void note(const std::string&) override {}
  void step(const std::string&, const std::string&, std::optional<double>) override {}
  void finished(const Result&) override {}
};

}  // namespace dnnbench
