// Slurm, by its commands: sbatch, squeue, scontrol, scancel, and srun
// where nodes share no folder. Needs no accounting database.
#pragma once

#include <string>

#include "fleet/scheduler.h"

namespace dnnbench {

class Slurm : public Scheduler {
 public:
  // Throws UsageError where this machine has no Slurm commands.
  Slurm();

  void check(const std::string& script) override;
  std::string submit(const std::string& script) override;
  std::map<std::string, JobStatus> jobs() override;
  std::optional<int> exit_code(const std::string& job) override;
  std::vector<std::string> on_node(const std::string& job) override;
  void cancel(const std::vector<std::string>& jobs) override;
};

// What `squeue --format="%i|%T|%r|%N"` prints. Linear in its length.
std::map<std::string, JobStatus> parse_squeue(const std::string& text);

}  // namespace dnnbench
