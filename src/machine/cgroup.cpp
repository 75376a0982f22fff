#include "machine/cgroup.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

// cgroup v1 says "no limit" with a number near 2^63, rounded to a page.
constexpr int64_t kNoLimitBytes = int64_t{1} << 60;

std::optional<std::string> read_word(const fs::path& path, int index = 0) {
  std::ifstream file(path);
  std::string word;
  for (int i = 0; i <= index; ++i) {
    if (!(file >> word)) return std::nullopt;
  }
  return word;
}

std::optional<int64_t> read_number(const fs::path& path, int index = 0) {
  const auto word = read_word(path, index);
  if (!word || word->find_first_not_of("-0123456789") != std::string::npos) return std::nullopt;
  return std::stoll(*word);
}

template <typename T>
void keep_smaller(std::optional<T>& kept, const std::optional<T>& found) {
  if (found && (!kept || *found < *kept)) kept = found;
}

std::optional<double> quota(std::optional<int64_t> quota_us, std::optional<int64_t> period_us) {
  if (!quota_us || !period_us || *quota_us <= 0 || *period_us <= 0) return std::nullopt;
  return static_cast<double>(*quota_us) / static_cast<double>(*period_us);
}

// What the kernel takes back when memory is short: the pages of files, such as of a model that was
// read. `prefix` is "total_" in cgroup v1, where the names without it leave out groups below.
int64_t reclaimable_bytes(const fs::path& folder, const std::string& prefix) {
  std::ifstream file(folder / "memory.stat");
  int64_t sum = 0, value = 0;
  for (std::string name; file >> name >> value;) {
    if (name == prefix + "inactive_file" || name == prefix + "active_file") sum += value;
  }
  return sum;
}

void apply_memory(CgroupLimits& limits, std::optional<int64_t> limit, std::optional<int64_t> in_use,
                  int64_t reclaimable) {
  if (!limit || *limit >= kNoLimitBytes) return;
  keep_smaller(limits.memory_limit_bytes, limit);
  const int64_t kept = std::max<int64_t>(0, in_use.value_or(0) - reclaimable);
  keep_smaller(limits.memory_left_bytes,
               std::optional<int64_t>(std::max<int64_t>(0, *limit - kept)));
}

// The group's folder and its ancestors up to the mount point. A container without a cgroup
// namespace names a path that does not exist inside; then the mount point is the group.
std::vector<fs::path> group_and_ancestors(const fs::path& mount, const std::string& group) {
  std::vector<fs::path> folders{mount};
  fs::path folder = mount;
  for (const fs::path& part : fs::path(group).relative_path()) {
    folder /= part;
    std::error_code ignored;
    if (!fs::exists(folder, ignored)) break;
    folders.push_back(folder);
  }
  return folders;
}

void read_v2(CgroupLimits& limits, const fs::path& folder) {
  keep_smaller(limits.cpu_quota,
               quota(read_number(folder / "cpu.max"), read_number(folder / "cpu.max", 1)));
  apply_memory(limits, read_number(folder / "memory.max"), read_number(folder / "memory.current"),
               reclaimable_bytes(folder, ""));
}

void read_v1_cpu(CgroupLimits& limits, const fs::path& folder) {
  keep_smaller(limits.cpu_quota, quota(read_number(folder / "cpu.cfs_quota_us"),
                                       read_number(folder / "cpu.cfs_period_us")));
}

void read_v1_memory(CgroupLimits& limits, const fs::path& folder) {
  apply_memory(limits, read_number(folder / "memory.limit_in_bytes"),
               read_number(folder / "memory.usage_in_bytes"), reclaimable_bytes(folder, "total_"));
}

bool lists(const std::string& controllers, const std::string& name) {
  return ("," + controllers + ",").find("," + name + ",") != std::string::npos;
}

struct Groups {
  std::vector<fs::path> v2, v1_cpu, v1_memory;  // folders of this process's groups
};

Groups read_groups(const std::string& root) {
  Groups found;
  const fs::path mount = root + "/sys/fs/cgroup";
  std::ifstream groups(root + "/proc/self/cgroup");
  std::string line;
  while (std::getline(groups, line)) {
    std::istringstream fields(line);
    std::string id, controllers, group;
    std::getline(fields, id, ':');
    std::getline(fields, controllers, ':');
    std::getline(fields, group);
    if (controllers.empty()) {
      std::error_code ignored;
      const fs::path unified = mount / "unified";
      found.v2 = group_and_ancestors(fs::exists(unified, ignored) ? unified : mount, group);
    }
    if (lists(controllers, "cpu")) found.v1_cpu = group_and_ancestors(mount / "cpu", group);
    if (lists(controllers, "memory")) {
      found.v1_memory = group_and_ancestors(mount / "memory", group);
    }
  }
  return found;
}

// The value of a line "key value" of cpu.stat, in seconds.
std::optional<double> read_stat_s(const fs::path& folder, const std::string& key, double unit_s) {
  std::ifstream file(folder / "cpu.stat");
  double value = 0;
  for (std::string name; file >> name >> value;) {
    if (name == key) return value * unit_s;
  }
  return std::nullopt;
}

}  // namespace

CgroupLimits read_cgroup_limits(const std::string& root) {
  CgroupLimits limits;
  const Groups groups = read_groups(root);
  for (const fs::path& folder : groups.v2) read_v2(limits, folder);
  for (const fs::path& folder : groups.v1_cpu) read_v1_cpu(limits, folder);
  for (const fs::path& folder : groups.v1_memory) read_v1_memory(limits, folder);
  return limits;
}

std::map<std::string, double> read_quota_s(const std::string& root) {
  std::map<std::string, double> stopped;
  const Groups groups = read_groups(root);
  for (const fs::path& folder : groups.v2) {
    if (const auto s = read_stat_s(folder, "throttled_usec", 1e-6)) stopped[folder.string()] = *s;
  }
  for (const fs::path& folder : groups.v1_cpu) {
    if (const auto s = read_stat_s(folder, "throttled_time", 1e-9)) stopped[folder.string()] = *s;
  }
  return stopped;
}

}  // namespace dnnbench
