#include "machine/machine_counters.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include "testing/files.h"
#include "testing/temporary_folder.h"

namespace dnnbench {
namespace {

class MachineCountersTest : public testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) const {
    write_file(root_ + path, text);
  }
  const TemporaryFolder folder_;
  const std::string root_ = folder_.path();
};

TEST_F(MachineCountersTest, ReadsWhatTheKernelReports) {
  const double tick_s = 1.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
  // All together, a core that may be used, and one that no small machine has.
  cpu_set_t cores;
  ASSERT_EQ(sched_getaffinity(0, sizeof cores, &cores), 0);
  int core = 0;
  while (!CPU_ISSET(core, &cores)) ++core;
  const std::string name = "cpu" + std::to_string(core);
  write("/proc/stat", "cpu  900 900 900 900 900 900 900 900 900 0\n" + name +
                          " 100 20 30 4000 50 6 7 80 9 0\ncpu1023 1 1 1 1 1 1 1 1 1 1\nintr 5\n");
  write("/proc/pressure/cpu",
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=14227430\nfull total=7\n");
  write("/sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "2\n");
  write("/sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count", "3\n");
  write("/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "2500000\n");
  const MachineCounters counters = read_machine_counters(root_);
  EXPECT_DOUBLE_EQ(counters.busy_s, 163 * tick_s);
  EXPECT_DOUBLE_EQ(counters.stolen_s, 80 * tick_s);
  EXPECT_DOUBLE_EQ(*counters.pressure_s, 14.22743);
  EXPECT_EQ(counters.throttled, 5);
  EXPECT_EQ(counters.mhz, 2500);
  EXPECT_FALSE(counters.counts_waiting);
  write("/proc/self/schedstat", "0 0 0\n");
  EXPECT_FALSE(read_machine_counters(root_).counts_waiting);
  write("/proc/self/schedstat", "812345 0 3\n");
  EXPECT_TRUE(read_machine_counters(root_).counts_waiting);
}

TEST_F(MachineCountersTest, WhatIsNotReportedIsAbsent) {
  const MachineCounters counters = read_machine_counters(root_);
  EXPECT_EQ(counters.busy_s, 0);
  EXPECT_EQ(counters.pressure_s, std::nullopt);
  EXPECT_EQ(counters.mhz, std::nullopt);
  write("/proc/stat", "intr 5\n");
  EXPECT_EQ(read_machine_counters(root_).busy_s, 0);
}

TEST(MachineNoise, IsTheDifferenceLessTheEngine) {
  const MachineCounters before{10, 1, 5.0, 0, 2000}, after{12.5, 1.25, 5.5, 1, 1800};
  const Noise noise = machine_noise(before, after, 2, 1.5);
  EXPECT_DOUBLE_EQ(noise.others_s, 1);
  EXPECT_DOUBLE_EQ(noise.stolen_s, 0.25);
  EXPECT_DOUBLE_EQ(*noise.pressure_s, 0.5);
  EXPECT_EQ(noise.throttled, 1);
  EXPECT_EQ(noise.lowest_mhz, 1800);
  EXPECT_EQ(machine_noise(before, before, 1, 0.5).others_s, 0);
}

}  // namespace
}  // namespace dnnbench
