// A metric of the user's (--metric=COMMAND): a command that reads outputs and prints a score for
// each sample.
#pragma once

#include <string>
#include <vector>

#include "core/tensor.h"
#include "process/work_folder.h"

namespace dnnbench {

class MetricCommand {
 public:
  // `samples` are the places of the scored samples in the calibration folder, `labels` the path
  // of the user's file, "" for none. Throws Error where its folder can't be written.
  MetricCommand(std::string command, std::vector<int64_t> samples, std::string labels,
                double timeout_s);

  const std::string& command() const { return command_; }

  // The scores of these outputs, one list per sample, each from 0 to 1. Runs
  // `COMMAND OUTPUTS SAMPLES [LABELS]` in a shell: OUTPUTS is a folder with a .npy file per output,
  // samples along the first dimension (a first dimension of 1 that each has is left out); SAMPLES a
  // .npy file of the samples' places. Throws Error in one sentence for outputs that have no such
  // form or would be in one file, and for a command that fails, prints anything but one score per
  // sample, or takes longer than the timeout.
  std::vector<double> scores(const std::vector<const std::vector<Value>*>& outputs) const;

 private:
  [[noreturn]] void fail(const std::string& why) const;
  std::string run(const std::string& folder) const;

  std::string command_;
  std::vector<int64_t> samples_;
  std::string labels_;
  double timeout_s_;
};

}  // namespace dnnbench
