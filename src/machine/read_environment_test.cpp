// Reads made-up machines from folders that stand for /proc, /sys and /etc.
#include "machine/read_environment.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <set>

#include "machine/cores.h"
#include "testing/files.h"
#include "testing/temporary_folder.h"

namespace dnnbench {
namespace {

// By which a container is known.
constexpr const char* kVariables[] = {"KUBERNETES_SERVICE_HOST", "APPTAINER_CONTAINER",
                                      "SINGULARITY_CONTAINER"};

class ReadEnvironmentTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* variable : kVariables) unsetenv(variable);
  }
  void TearDown() override { SetUp(); }

  void write(const std::string& path, const std::string& text) const {
    write_file(root_ + path, text);
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
  const int core = allowed_cores().front();
  write("/sys/devices/system/cpu/cpu" + std::to_string(core) + "/cpufreq/scaling_governor",
        "performance\n");
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

struct ArmMachine {
  const char* name;
  const char* cpuinfo;  // of one core
  const char* cpu_model;
  std::vector<std::string> isa;
};

// What real machines say: c6g, c7g, and an NVIDIA Grace for Graviton4's core type.
const ArmMachine kArmMachines[] = {
    {"Graviton2",
     "processor\t: 0\nBogoMIPS\t: 243.75\n"
     "Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm "
     "lrcpc dcpop asimddp ssbs\n"
     "CPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x3\nCPU part\t: 0xd0c\n"
     "CPU revision\t: 1\n\n",
     "Neoverse-N1",
     {"asimd", "fp16", "asimddp"}},
    {"Graviton3",
     "processor\t: 0\nBogoMIPS\t: 2100.00\n"
     "Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm "
     "jscvt fcma lrcpc dcpop sha3 sm3 sm4 asimddp sha512 sve asimdfhm dit uscat ilrcpc flagm ssbs "
     "paca pacg dcpodp svei8mm svebf16 i8mm bf16 dgh rng\n"
     "CPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x1\nCPU part\t: 0xd40\n"
     "CPU revision\t: 1\n\n",
     "Neoverse-V1",
     {"asimd", "fp16", "asimddp", "sve", "i8mm", "bf16"}},
    {"Grace",
     "processor\t: 71\nBogoMIPS\t: 2000.00\n"
     "Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm "
     "jscvt fcma lrcpc dcpop sha3 sm3 sm4 asimddp sha512 sve asimdfhm dit uscat ilrcpc flagm sb "
     "paca pacg dcpodp sve2 sveaes svepmull svebitperm svesha3 svesm4 flagm2 frint svei8mm svebf16 "
     "i8mm bf16 dgh bti\n"
     "CPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: 0xd4f\n"
     "CPU revision\t: 0\n\n",
     "Neoverse-V2",
     {"asimd", "fp16", "asimddp", "sve", "sve2", "i8mm", "bf16"}}};

TEST_F(ReadEnvironmentTest, NamesCoreTypeAndInstructionsOfArmMachines) {
  for (const ArmMachine& machine : kArmMachines) {
    write("/proc/cpuinfo", std::string(machine.cpuinfo) + machine.cpuinfo);
    const Environment environment = read_environment(root_);
    EXPECT_EQ(environment.cpu_model, machine.cpu_model) << machine.name;
    EXPECT_EQ(environment.isa, machine.isa) << machine.name;
    EXPECT_EQ(environment.hypervisor, std::nullopt);
  }
}

TEST_F(ReadEnvironmentTest, NamesAllCoreTypesAndUnknownOnesByNumber) {
  write("/proc/cpuinfo",
        "CPU implementer\t: 0x41\nCPU part\t: 0xd0b\n\nCPU implementer\t: 0x41\n"
        "CPU part\t: 0xd05\n\nCPU implementer\t: 0x41\nCPU part\t: 0xd05\n");
  EXPECT_EQ(read_environment(root_).cpu_model, "Cortex-A76 + Cortex-A55");
  write("/proc/cpuinfo", "CPU implementer\t: 0x99\nCPU part\t: 0x123\n");
  EXPECT_EQ(read_environment(root_).cpu_model, "Arm implementer 0x99, part 0x123");
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

TEST_F(ReadEnvironmentTest, NamesTheContainerThatSeesItsGroupAsTheFirst) {
  write("/proc/1/cgroup", "0::/\n");
  EXPECT_EQ(read_environment(root_).container, std::nullopt);
  write("/run/systemd/container", "lxc\n");
  EXPECT_EQ(read_environment(root_).container, "lxc");
  setenv("APPTAINER_CONTAINER", "/images/debian.sif", 1);
  EXPECT_EQ(read_environment(root_).container, "apptainer");
  setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1", 1);
  EXPECT_EQ(read_environment(root_).container, "kubernetes");
}

TEST_F(ReadEnvironmentTest, AVirtualArmMachineIsKnownByWhoMadeIt) {
  write("/proc/cpuinfo", kArmMachines[0].cpuinfo);
  const auto hypervisor_of = [&](const std::string& vendor, const std::string& product) {
    write("/sys/devices/virtual/dmi/id/sys_vendor", vendor + "\n");
    write("/sys/devices/virtual/dmi/id/product_name", product + "\n");
    return read_environment(root_).hypervisor;
  };
  EXPECT_EQ(hypervisor_of("Amazon EC2", "c7g.large"), "Amazon EC2");
  EXPECT_EQ(hypervisor_of("Amazon EC2", "c7g.metal"), std::nullopt);
  EXPECT_EQ(hypervisor_of("Microsoft Corporation", "Virtual Machine"), "Microsoft Corporation");
  EXPECT_EQ(hypervisor_of("Microsoft Corporation", "Surface Pro 9"), std::nullopt);
  EXPECT_EQ(hypervisor_of("QEMU", "KVM Virtual Machine"), "QEMU");
  EXPECT_EQ(hypervisor_of("NVIDIA", "Grace CPU P3880"), std::nullopt);
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
  EXPECT_EQ(environment.cores, to_list(allowed_cores()));
  EXPECT_EQ(environment.physical_cores, static_cast<int>(physical.size()));
}

TEST_F(ReadEnvironmentTest, WhereNothingIsReportedNothingIsMadeUp) {
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
