#include "machine/machine_counters.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "machine/cores.h"
#include "testing/files.h"
#include "testing/temporary_folder.h"

namespace dnnbench {
namespace {

class MachineCountersTest : public ::testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) const {
    write_file(root_ + path, text);
  }

  // A file of /sys about one core.
  void write_of_core(int core, const std::string& name, const std::string& text) const {
    write("/sys/devices/system/cpu/cpu" + std::to_string(core) + "/" + name, text + "\n");
  }

  // /proc/stat with these cores.
  void write_stat(const Cores& cores) const {
    std::string text = "cpu  900 900 900 900 900 900 900 900 900 0\n";
    for (const int core : cores) {
      text += "cpu" + std::to_string(core) + " 100 20 30 4000 50 6 7 80 9 0\n";
    }
    write("/proc/stat", text + "intr 5\n");
  }

  // This process may run on these, and no small machine has the other one.
  const Cores cores_ = allowed_cores();
  const int other_core_ = 1023;
  const TemporaryFolder folder_;
  const std::string root_ = folder_.path();
};

TEST_F(MachineCountersTest, ReadsWhatTheKernelReports) {
  const double ticks_s =
      static_cast<double>(cores_.size()) / static_cast<double>(sysconf(_SC_CLK_TCK));
  Cores listed = cores_;
  listed.push_back(other_core_);
  write_stat(listed);
  write("/proc/pressure/cpu",
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=14227430\nfull total=7\n");
  write_of_core(cores_.front(), "thermal_throttle/core_throttle_count", "2");
  write_of_core(cores_.front(), "cpufreq/scaling_cur_freq", "2500000");
  const MachineCounters counters = read_machine_counters(root_);
  EXPECT_DOUBLE_EQ(*counters.busy_s, 163 * ticks_s);
  EXPECT_DOUBLE_EQ(*counters.stolen_s, 80 * ticks_s);
  EXPECT_DOUBLE_EQ(*counters.pressure_s, 14.22743);
  EXPECT_EQ(counters.throttled, 2);
  EXPECT_EQ(counters.mhz, 2500);
  EXPECT_FALSE(counters.counts_waiting);
  write("/proc/self/schedstat", "0 0 0\n");
  EXPECT_FALSE(read_machine_counters(root_).counts_waiting);
  write("/proc/self/schedstat", "812345 0 3\n");
  EXPECT_TRUE(read_machine_counters(root_).counts_waiting);
}

// As where a container of lxcfs numbers its own cores from 0.
TEST_F(MachineCountersTest, OthersAreUnknownUnlessAllCoresThatMayBeUsedAreListed) {
  write_stat({other_core_});
  EXPECT_FALSE(read_machine_counters(root_).busy_s);
  EXPECT_FALSE(read_machine_counters(root_).stolen_s);
  Cores but_one = cores_;
  but_one.back() = other_core_;
  write_stat(but_one);
  EXPECT_FALSE(read_machine_counters(root_).busy_s);
  write_stat(cores_);
  EXPECT_TRUE(read_machine_counters(root_).busy_s);
}

// As in gVisor.
TEST_F(MachineCountersTest, WhereAllIsZeroNothingIsCounted) {
  std::string text;
  for (const int core : cores_) text += "cpu" + std::to_string(core) + " 0 0 0 0 0 0 0 0 0 0\n";
  write("/proc/stat", text);
  EXPECT_FALSE(read_machine_counters(root_).busy_s);
}

TEST_F(MachineCountersTest, CoresThatMayNotBeUsedDoNotCount) {
  write_of_core(other_core_, "thermal_throttle/core_throttle_count", "3");
  write_of_core(other_core_, "cpufreq/scaling_cur_freq", "800000");
  EXPECT_EQ(read_machine_counters(root_).throttled, 0);
  EXPECT_FALSE(read_machine_counters(root_).mhz);
}

TEST(MissingCounters, AreNamed) {
  MachineCounters counters;
  counters.busy_s = 1;
  counters.counts_waiting = true;
  EXPECT_EQ(missing_counters(counters), "");
  counters.busy_s.reset();
  EXPECT_EQ(missing_counters(counters),
            "On this machine's kernel nothing reports what other programs use of its cores: keep "
            "the machine idle while this runs.");
  counters.counts_waiting = false;
  EXPECT_NE(missing_counters(counters).find("how long an engine waits for a core or what other"),
            std::string::npos);
}

TEST_F(MachineCountersTest, WhatIsNotReportedIsAbsent) {
  const MachineCounters counters = read_machine_counters(root_);
  EXPECT_EQ(counters.busy_s, std::nullopt);
  EXPECT_TRUE(counters.quota_s.empty());
  EXPECT_EQ(counters.pressure_s, std::nullopt);
  EXPECT_EQ(counters.mhz, std::nullopt);
  write("/proc/stat", "intr 5\n");
  EXPECT_EQ(read_machine_counters(root_).busy_s, std::nullopt);
}

TEST(MachineNoise, IsTheDifferenceLessTheEngine) {
  const MachineCounters before{10, 1, 5.0, 0, 2000}, after{12.5, 1.25, 5.5, 1, 1800};
  const Noise noise = machine_noise(before, after, 2, 1.5);
  EXPECT_DOUBLE_EQ(*noise.others_s, 1);
  EXPECT_DOUBLE_EQ(*noise.stolen_s, 0.25);
  EXPECT_DOUBLE_EQ(*noise.pressure_s, 0.5);
  EXPECT_EQ(noise.throttled, 1);
  EXPECT_EQ(noise.lowest_mhz, 1800);
  EXPECT_FALSE(noise.quota_s);
  EXPECT_EQ(machine_noise(before, before, 1, 0.5).others_s, 0);
  MachineCounters unknown = after;
  unknown.busy_s = unknown.stolen_s = std::nullopt;
  EXPECT_FALSE(machine_noise(before, unknown, 2, 1.5).others_s);
  EXPECT_FALSE(machine_noise(unknown, after, 2, 1.5).stolen_s);
}

// Of a pod and its container: together they stop no more than one of them.
TEST(MachineNoise, OfNestedQuotasTheOneThatStoppedForLonger) {
  MachineCounters before, after;
  before.quota_s = {{"/pod", 100}, {"/pod/container", 1}, {"/left", 7}};
  after.quota_s = {{"/pod", 100.25}, {"/pod/container", 1.5}, {"/entered", 50}};
  EXPECT_DOUBLE_EQ(*machine_noise(before, after, 1, 0).quota_s, 0.5);
}

}  // namespace
}  // namespace dnnbench
