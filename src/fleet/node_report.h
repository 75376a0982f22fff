// What the batch scripts leave in the state folder of a machine type (fleet/batch_script.h), read
// by the machine that submitted them.
#pragma once

#include <string>
#include <vector>

#include "fleet/batch_script.h"

namespace dnnbench {

struct NodeReport {
  std::string doing;                 // "measuring 2 of 8, resnet50-v1-7"; "" before the job began
  std::vector<std::string> done;     // names of models; all results that were written are there
  std::vector<std::string> not_ok;   // those of them with an engine that is not ok
  std::vector<std::string> suspect;  // those of them that a busy machine left without a ranking
  std::vector<std::string> failed;   // "resnet50-v1-7: could not write the result ..."
  bool ended = false;                // the script came to its end
  std::string unfit;  // why the node can't measure: "lacks a build for riscv64"; "" where it can
};

NodeReport read_node_report(const FleetPlan& plan, const std::string& instance);

// Makes the folder of a machine type and forgets what an earlier job reported, but not which models
// are done and still have their results. Throws Error where that can't be.
void prepare_state(const FleetPlan& plan, const std::string& instance);

// Which models could not be measured, and why.
void forget_failures(const FleetPlan& plan, const std::string& instance);

// The job of an earlier, or this, run of fleet for that machine type. "" where there is none.
std::string read_job(const FleetPlan& plan, const std::string& instance);
// Throws Error where the disk is full, say.
void write_job(const FleetPlan& plan, const std::string& instance, const std::string& job);

// The last line of the job's log, of at most 200 characters.
std::string last_line_of_log(const FleetPlan& plan, const std::string& instance);

}  // namespace dnnbench
