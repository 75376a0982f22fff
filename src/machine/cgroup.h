// The limits that a control group puts on this process: a container's CPU quota and memory. Reads
// cgroup v2 and v1, the group itself and all its ancestors, whichever is tightest.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace dnnbench {

struct CgroupLimits {
  std::optional<double> cpu_quota;  // in CPUs: 1.5 is 150 ms of CPU time per 100 ms
  std::optional<int64_t> memory_limit_bytes;
  std::optional<int64_t> memory_left_bytes;  // the limit less what is in use and can't be reclaimed
};

// `root` stands before /proc and /sys, for tests.
CgroupLimits read_cgroup_limits(const std::string& root = "");

// How long CPU quotas have stopped cores so far, added up over the cores: by the folder of each
// group that counts it.
std::map<std::string, double> read_quota_s(const std::string& root = "");

}  // namespace dnnbench
