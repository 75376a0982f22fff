// Guardian: a tiny process that outlives this one by a moment. When dnnbench ends, however it
// ends, the guardian kills the process groups of all workers that are then still alive and removes
// the work folder and half-written results, so that nothing goes on computing or lies about.
// (PR_SET_PDEATHSIG reaches only direct children, not what they started.)
#pragma once

#include <sys/types.h>

#include <string>

namespace dnnbench {

// These fork the guardian on first use; call them before threads are started.

void guard_process_group(pid_t group);

// The group has been killed and reaped; its number may be used again by the system.
void release_process_group(pid_t group);

// A folder or file that is to be gone in the end; it need not be there yet.
void guard_path(const std::string& path);

}  // namespace dnnbench
