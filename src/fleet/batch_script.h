// The batch script that measures models on one machine type. Slurm runs it on a node, so it is
// plain bash and needs nothing but a folder that the node shares with the machine that submits, or
// that machine to send what it needs (fleet/node_files.h).
#pragma once

#include <string>
#include <vector>

namespace dnnbench {

// The exit code of a script whose node does not see the state folder, and to which nothing was
// sent.
inline constexpr int kExitNoSharedFolder = 66;

struct FleetModel {
  std::string name;      // for people, and the stem of its results' names
  std::string argument;  // an absolute path, or a name that is generated where it is missing
  std::string key;  // changes with the model's bytes and the flags; names the file that says done
  std::vector<std::string> files;  // absolute: the model's, then its external data's
};

// What all machine types of a fleet have in common.
struct FleetPlan {
  std::vector<FleetModel> models;
  std::vector<std::string> flags;  // of `dnnbench run`, without models, --output and --instance
  std::string output;              // absolute; each type's results go to <output>/<instance>/
  std::string state;               // absolute; each type's state is kept in <state>/<instance>/
  std::string program;             // run as `program run ...` on nodes of the same architecture
  std::string repository;          // nodes of another architecture build a copy; empty: they can't
  std::string architecture;        // uname -m of the machine that submits
  std::string partition;   // template in which {instance} is replaced; empty: the default one
  std::string constraint;  // the same; empty: none
};

// Whether `text` has an {instance}.
bool names_instance(const std::string& text);

// `text` with every {instance} replaced.
std::string fill_template(const std::string& text, const std::string& instance);

// Names the folder of this fleet on nodes that share none.
std::string fleet_key(const FleetPlan& plan);

std::string batch_script(const FleetPlan& plan, const std::string& instance);

}  // namespace dnnbench
