#include "machine/memory.h"

#include <algorithm>
#include <fstream>
#include <string>

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

int64_t free_memory_bytes() {
  const int64_t available = read_field("/proc/meminfo", "MemAvailable:") * 1024;
  const auto left = read_cgroup_limits().memory_left_bytes;
  return left && (available == 0 || *left < available) ? *left : available;
}

int64_t oom_kill_count() { return read_field("/proc/vmstat", "oom_kill"); }

}  // namespace dnnbench
