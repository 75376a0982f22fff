// Names of Arm cores, which Linux gives as two numbers.
#pragma once

#include <string>

namespace dnnbench {

// The core types of a machine, each once, in the order of their first core: "Neoverse-N1", or
// "Cortex-A76 + Cortex-A55" where they differ. A core that has no name here is given by its
// numbers. "" where `cpuinfo`, the text of /proc/cpuinfo, has none of an Arm machine's.
std::string arm_cores(const std::string& cpuinfo);

}  // namespace dnnbench
