#include "machine/cgroup.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "testing/files.h"
#include "testing/temporary_folder.h"

namespace dnnbench {
namespace {

// A made-up /proc and /sys.
class CgroupTest : public ::testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) {
    write_file(root_ + path, text + "\n");
  }

  const TemporaryFolder folder_;
  const std::string root_ = folder_.path();
};

TEST_F(CgroupTest, WithoutGroupsThereIsNoLimit) {
  const CgroupLimits limits = read_cgroup_limits(root_);
  EXPECT_FALSE(limits.cpu_quota);
  EXPECT_FALSE(limits.memory_limit_bytes);
}

TEST_F(CgroupTest, V2TakesTheTightestOfGroupAndAncestors) {
  write("/proc/self/cgroup", "0::/outer/inner");
  write("/sys/fs/cgroup/outer/cpu.max", "150000 100000");
  write("/sys/fs/cgroup/outer/inner/cpu.max", "max 100000");
  write("/sys/fs/cgroup/outer/memory.max", "max");
  write("/sys/fs/cgroup/outer/inner/memory.max", "1000000000");
  write("/sys/fs/cgroup/outer/inner/memory.current", "400000000");
  const CgroupLimits limits = read_cgroup_limits(root_);
  EXPECT_DOUBLE_EQ(limits.cpu_quota.value(), 1.5);
  EXPECT_EQ(limits.memory_limit_bytes, 1000000000);
  EXPECT_EQ(limits.memory_left_bytes, 600000000);
}

TEST_F(CgroupTest, ReadsHowLongEachGroupWasStopped) {
  EXPECT_TRUE(read_quota_s(root_).empty());
  write("/proc/self/cgroup", "0::/outer/inner");
  write("/sys/fs/cgroup/cpu.stat", "usage_usec 900\nuser_usec 500\nsystem_usec 400");
  write("/sys/fs/cgroup/outer/cpu.stat",
        "usage_usec 900\nnr_periods 10\nnr_throttled 4\nthrottled_usec 250000\nnr_bursts 0");
  write("/sys/fs/cgroup/outer/inner/cpu.stat", "usage_usec 900\nthrottled_usec 0");
  const std::string mount = root_ + "/sys/fs/cgroup";
  EXPECT_EQ(read_quota_s(root_),
            (std::map<std::string, double>{{mount + "/outer", 0.25}, {mount + "/outer/inner", 0}}));
  write("/proc/self/cgroup", "2:cpu,cpuacct:/job");
  write("/sys/fs/cgroup/cpu/job/cpu.stat",
        "nr_periods 10\nnr_throttled 4\nthrottled_time 500000000");
  EXPECT_EQ(read_quota_s(root_), (std::map<std::string, double>{{mount + "/cpu/job", 0.5}}));
}

TEST_F(CgroupTest, V2InsideAContainerSeesItsGroupAsTheRoot) {
  write("/proc/self/cgroup", "0::/");
  write("/sys/fs/cgroup/cpu.max", "50000 100000");
  EXPECT_DOUBLE_EQ(read_cgroup_limits(root_).cpu_quota.value(), 0.5);
}

TEST_F(CgroupTest, V1ReadsQuotaAndMemory) {
  write("/proc/self/cgroup", "4:memory:/box\n3:cpu,cpuacct:/box\n1:name=systemd:/");
  write("/sys/fs/cgroup/cpu/box/cpu.cfs_quota_us", "200000");
  write("/sys/fs/cgroup/cpu/box/cpu.cfs_period_us", "100000");
  write("/sys/fs/cgroup/memory/box/memory.limit_in_bytes", "2000");
  write("/sys/fs/cgroup/memory/box/memory.usage_in_bytes", "500");
  const CgroupLimits limits = read_cgroup_limits(root_);
  EXPECT_DOUBLE_EQ(limits.cpu_quota.value(), 2.0);
  EXPECT_EQ(limits.memory_left_bytes, 1500);
}

// A group that has read a large model is not short of memory.
TEST_F(CgroupTest, PagesOfFilesAreLeft) {
  write("/proc/self/cgroup", "4:memory:/box");
  write("/sys/fs/cgroup/memory/box/memory.limit_in_bytes", "2000");
  write("/sys/fs/cgroup/memory/box/memory.usage_in_bytes", "1900");
  write("/sys/fs/cgroup/memory/box/memory.stat",
        "inactive_file 1\nactive_file 2\ntotal_inactive_file 1000\ntotal_active_file 300");
  EXPECT_EQ(read_cgroup_limits(root_).memory_left_bytes, 1400);
}

TEST_F(CgroupTest, V2NamesPagesOfFilesWithoutAPrefix) {
  write("/proc/self/cgroup", "0::/box");
  write("/sys/fs/cgroup/box/memory.max", "2000");
  write("/sys/fs/cgroup/box/memory.current", "1900");
  write("/sys/fs/cgroup/box/memory.stat",
        "anon 600\nfile 1300\ninactive_file 1000\nactive_file 300");
  EXPECT_EQ(read_cgroup_limits(root_).memory_left_bytes, 1400);
}

TEST_F(CgroupTest, V1WithoutAQuotaSaysMinusOneAndAHugeNumber) {
  write("/proc/self/cgroup", "4:memory:/\n3:cpu:/");
  write("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1");
  write("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000");
  write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712");
  const CgroupLimits limits = read_cgroup_limits(root_);
  EXPECT_FALSE(limits.cpu_quota);
  EXPECT_FALSE(limits.memory_limit_bytes);
}

TEST_F(CgroupTest, APathFromOutsideTheContainerFallsBackToTheMount) {
  write("/proc/self/cgroup", "3:cpu:/docker/0123abcd");
  write("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "100000");
  write("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000");
  EXPECT_DOUBLE_EQ(read_cgroup_limits(root_).cpu_quota.value(), 1.0);
}

}  // namespace
}  // namespace dnnbench
