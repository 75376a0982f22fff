// BusyReport: says once that the machine is busy, and which program keeps it so, while a person can
// still stop it.
#pragma once

#include <cstddef>
#include <string>

#include "machine/busy_programs.h"
#include "measure/surroundings.h"
#include "run/progress.h"

namespace dnnbench {

class BusyReport {
 public:
  // Both must outlive this.
  BusyReport(const Surroundings& surroundings, Progress& progress)
      : surroundings_(surroundings), progress_(progress) {}

  // After each block (a turn, where engines have no blocks in common): what disturbed it, "" for
  // nothing. Reports at the third disturbed one if at least half were.
  void add_block(const std::string& disturbance);

 private:
  void report(const std::string& disturbance);

  const Surroundings& surroundings_;
  Progress& progress_;
  size_t blocks_ = 0;
  size_t disturbed_ = 0;
  bool reported_ = false;
  TimedProcesses before_;  // read after the first disturbed block
};

}  // namespace dnnbench
