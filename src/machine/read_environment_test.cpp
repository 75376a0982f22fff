// Reads made-up machines from folders that stand for /proc, /sys and /etc.
#include "machine/read_environment.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <set>

#include "testing/temporary_folder.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

class ReadEnvironmentTest : public testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) const {
    fs::create_directories(fs::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }

  const TemporaryFolder folder_;
  const std::string root_ = folder_.path();
};

TEST_F(ReadEnvironmentTest, ReadsAnX86Machine) {
  write("/proc/cpuinfo",
        "processor\t: 0\nmodel name\t: AMD EPYC 7R32\n"
        "flags\t\t: fpu sse4_2 avx2 avx512f hypervisor avx2x\n\nprocessor\t: 1\n"
        "model name\t: another\n");
  write("/proc/meminfo", "MemTotal:       2048 kB\nMemFree:        1024 kB\n");
  write("/etc/os-release", "NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\n");
  write("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n");
  write("/sys/devices/virtual/dmi/id/sys_vendor", "QEMU\n");
  const Environment environment = read_environment(root_);
  EXPECT_EQ(environment.cpu_model, "AMD EPYC 7R32");
  EXPECT_EQ(environment.isa, (std::vector<std::string>{"sse4_2", "avx2", "avx512f"}));
  EXPECT_EQ(environment.memory_bytes, 2048 * 1024);
  EXPECT_EQ(environment.os, "Debian GNU/Linux 13 (trixie)");
  EXPECT_EQ(environment.cpu_governor, "performance");
  EXPECT_EQ(environment.hypervisor, "QEMU");
  EXPECT_EQ(environment.container, std::nullopt);
}

TEST_F(ReadEnvironmentTest, ReadsAnArmMachine) {
  write("/proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd sve bf16\nCPU part\t: 0xd40\n");
  const Environment environment = read_environment(root_);
  EXPECT_EQ(environment.isa, (std::vector<std::string>{"asimd", "sve", "bf16"}));
  EXPECT_EQ(environment.cpu_model, "0xd40");
  EXPECT_EQ(environment.hypervisor, std::nullopt);
}

TEST_F(ReadEnvironmentTest, TheInstanceIsTheTypeOnEc2) {
  write("/sys/devices/virtual/dmi/id/sys_vendor", "Amazon EC2\n");
  write("/sys/devices/virtual/dmi/id/product_name", "c5a.4xlarge\n");
  EXPECT_EQ(read_environment(root_).instance, "c5a.4xlarge");
}

TEST_F(ReadEnvironmentTest, TheInstanceIsTheHostElsewhere) {
  write("/sys/devices/virtual/dmi/id/sys_vendor", "Dell Inc.\n");
  write("/sys/devices/virtual/dmi/id/product_name", "PowerEdge R760\n");
  std::array<char, 256> host{};
  ASSERT_EQ(gethostname(host.data(), host.size() - 1), 0);
  EXPECT_EQ(read_environment(root_).instance, host.data());
}

TEST_F(ReadEnvironmentTest, NamesTheContainer) {
  write("/proc/1/cgroup", "0::/kubepods/burstable/pod1\n");
  EXPECT_EQ(read_environment(root_).container, "kubernetes");
  write("/run/.containerenv", "");
  EXPECT_EQ(read_environment(root_).container, "podman");
  write("/.dockerenv", "");
  EXPECT_EQ(read_environment(root_).container, "docker");
}

TEST_F(ReadEnvironmentTest, ThreadsOfOneCoreCountOnce) {
  std::set<int> physical;
  cpu_set_t set;
  CPU_ZERO(&set);
  ASSERT_EQ(sched_getaffinity(0, sizeof set, &set), 0);
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &set)) continue;
    const std::string folder = "/sys/devices/system/cpu/cpu" + std::to_string(core) + "/topology/";
    write(folder + "physical_package_id", "0\n");
    write(folder + "core_id", std::to_string(core / 2) + "\n");
    physical.insert(core / 2);
  }
  const Environment environment = read_environment(root_);
  EXPECT_EQ(environment.affinity_cores, CPU_COUNT(&set));
  EXPECT_EQ(environment.physical_cores, static_cast<int>(physical.size()));
}

TEST_F(ReadEnvironmentTest, WhereNothingIsToldNothingIsMadeUp) {
  const Environment environment = read_environment(root_);
  EXPECT_EQ(environment.physical_cores, environment.affinity_cores);
  EXPECT_EQ(environment.cpu_model, "unknown");
  EXPECT_TRUE(environment.isa.empty());
  EXPECT_EQ(environment.os, "unknown");
  EXPECT_EQ(environment.memory_bytes, 0);
  EXPECT_EQ(environment.cpu_governor, std::nullopt);
  EXPECT_FALSE(environment.instance.empty());
}

TEST(ReadEnvironment, ReadsThisMachine) {
  const Environment environment = read_environment();
  EXPECT_GE(environment.logical_cores, environment.affinity_cores);
  EXPECT_GE(environment.affinity_cores, environment.physical_cores);
  EXPECT_GE(environment.physical_cores, 1);
  EXPECT_GT(environment.memory_bytes, 1 << 20);
  EXPECT_FALSE(environment.kernel.empty());
}

TEST(DefaultThreads, IsOneAPhysicalCoreWithinTheQuota) {
  Environment environment;
  environment.physical_cores = 8;
  EXPECT_EQ(default_threads(environment), 8);
  environment.cgroup_cpu_quota = 2.5;
  EXPECT_EQ(default_threads(environment), 2);
  environment.cgroup_cpu_quota = 0.5;
  EXPECT_EQ(default_threads(environment), 1);
  environment.cgroup_cpu_quota = 64;
  EXPECT_EQ(default_threads(environment), 8);
}

}  // namespace
}  // namespace dnnbench
