// Guardian: a tiny process that outlives this one by a moment. When dnnbench ends, however it
// ends, the guardian kills the process groups of all workers that are then still alive, and all
// that bears this run's mark, and removes the work folder and half-written results, so that nothing
// goes on computing or lies about. (PR_SET_PDEATHSIG reaches only direct children, not what they
// started.)
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

// A file that is to be gone in the end if it is empty then.
void guard_empty_file(const std::string& path);

// -1 where no guardian could be made.
pid_t guardian_pid();

// "DNNBENCH_RUN=...": in the environment of this process's workers and, by inheritance, of what
// they start. The guardian finds strays by it.
inline constexpr const char* kMarkName = "DNNBENCH_RUN=";
std::string guardian_mark();

}  // namespace dnnbench
