// Which cores a run may use, and which of them each of several processes of an engine gets. Cores
// are logical ones, by their number in the system.
#pragma once

#include <sched.h>
#include <sys/types.h>

#include <string>
#include <vector>

namespace dnnbench {

using Cores = std::vector<int>;  // rising

// Those that this process may run on. Tests give a kernel of their own.
using AskKernel = int (*)(pid_t, size_t bytes, cpu_set_t*);
Cores allowed_cores(AskKernel ask = sched_getaffinity);

// The same as the kernel takes it: as many sets, one after the other, as the cores need.
std::vector<cpu_set_t> sets_of(const Cores& cores);

// As Linux writes them, "0-3,8"; "" for none.
std::string to_list(const Cores& cores);
// Of such a text as far as it is one.
Cores read_list(const std::string& text);

// Those of allowed_cores() over which the scheduler spreads no threads: the kernel's option
// isolcpus. `root` stands before /sys, for tests.
Cores isolated_cores(const std::string& root = "");

// That an engine of several threads may have them all on one core, as a sentence for the user; ""
// where there are fewer than two isolated cores.
std::string warn_of_isolated(const Cores& isolated);

// The same by the physical core they belong to, by package and then by number. Where the system
// doesn't say, every logical core counts as one of its own. `root` stands before /sys, for tests.
std::vector<Cores> physical_cores(const std::string& root = "");

// Cores for each of so many processes, none for two of them: whole physical ones, as many as the
// process has threads; where there are too few, as many logical ones, siblings together. Empty
// where there are too few of those, too, and where one process has nobody to share with.
std::vector<Cores> share_cores(const std::vector<Cores>& physical, int processes, int threads);

// Those that the kernel lets any thread of that process run on; empty where it has ended.
Cores cores_of_process(pid_t process);

}  // namespace dnnbench
