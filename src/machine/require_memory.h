// Refuses what memory can't hold, before it is allocated.
#pragma once

#include <string>

namespace dnnbench {

// Throws Error, with both figures, where `bytes` are more than what is free to this process, its
// cgroup included. `what` begins the sentence: "the tensor 'w'".
void require_memory(double bytes, const std::string& what);

}  // namespace dnnbench
