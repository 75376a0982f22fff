// What memory the system has left, for an engine's limit, and whether the kernel has had to kill.
#pragma once

#include <cstdint>
#include <string>

namespace dnnbench {

// Whether a worker of this build runs with a limit on its data at all: some sanitizers reserve
// terabytes of addresses at its start.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kCanLimitMemory = false;
#else
inline constexpr bool kCanLimitMemory = true;
#endif

// Bytes a new process can still use: the system's MemAvailable, or less where a cgroup (v2 or v1)
// of this process says so; at least 1. 0 when nothing can be read. `root` stands before /proc and
// /sys, for tests.
int64_t free_memory_bytes(const std::string& root = "");

// How often the kernel's out-of-memory killer has struck on this system so far (/proc/vmstat);
// 0 where the kernel does not say.
int64_t oom_kill_count();

}  // namespace dnnbench
