#include "machine/memory.h"

#include <algorithm>
#include <fstream>

#include "machine/cgroup.h"

namespace dnnbench {
namespace {

int64_t read_field(const std::string& path, const std::string& field) {
  std::ifstream file(path);
  std::string name;
  int64_t value = 0;
  std::string rest;
  while (file >> name >> value && std::getline(file, rest)) {
    if (name == field) return value;
  }
  return 0;
}

}  // namespace

int64_t free_memory_bytes(const std::string& root) {
  const int64_t available = read_field(root + "/proc/meminfo", "MemAvailable:") * 1024;
  const auto left = read_cgroup_limits(root).memory_left_bytes;
  if (!left) return available;
  const int64_t known = std::max<int64_t>(*left, 1);
  return available == 0 ? known : std::min(known, available);
}

int64_t oom_kill_count() { return read_field("/proc/vmstat", "oom_kill"); }

}  // namespace dnnbench
