// Nodes that share no folder with the machine that submits: what a job needs is sent, and what it
// reports and measures is collected, through commands that the scheduler runs on the job's node.
#pragma once

#include <string>
#include <vector>

#include "fleet/batch_script.h"

namespace dnnbench {

// Once for each look at a running job. Sends the program, the models and what is done already where
// the job waits for them, and otherwise brings its state and results here. `on_node` are the words
// that run a command on the node. Returns false where the job shares the folder, or can't be
// reached; nothing is changed then.
bool exchange_files(const FleetPlan& plan, const std::string& instance,
                    const std::vector<std::string>& on_node);

// Whether an earlier exchange found that the nodes of this machine type share no folder.
bool is_unshared(const FleetPlan& plan, const std::string& instance);

}  // namespace dnnbench
