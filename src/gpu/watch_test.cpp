#include "gpu/watch.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "gpu/nvml.h"
#include "gpu/throttle.h"
#include "testing/temporary_folder.h"

namespace dnnbench {
namespace {

constexpr int64_t kEngine = 100;
constexpr int64_t kStranger = 200;

GpuWatch watch() {
  return GpuWatch([](int64_t pid) { return pid == kStranger ? Whose::kOthers : Whose::kOurs; });
}

GpuState state(double sm_mhz, int64_t energy_mj, std::vector<int64_t> pids = {kEngine}) {
  GpuState state;
  state.sm_mhz = sm_mhz;
  state.energy_mj = energy_mj;
  state.throttle = 0;
  state.processes.emplace();
  for (const int64_t pid : pids) state.processes->push_back({pid, 300});
  return state;
}

std::string disturbance(GpuWatch& watch, const GpuState& after) {
  return watch.disturbance(after, watch.turn(after, after, 1.5, {kEngine}));
}

TEST(GpuWatch, CountsEnergyOfLongTurnsOfOurProcessesAlone) {
  const GpuState before = state(1500, 1000), after = state(1500, 91000);
  EXPECT_DOUBLE_EQ(*watch().turn(before, after, 1.5, {kEngine}).energy_j, 90);
  EXPECT_FALSE(watch().turn(before, after, 0.9, {kEngine}).energy_j);
  EXPECT_FALSE(
      watch().turn(before, state(1500, 91000, {kEngine, kStranger}), 1.5, {kEngine}).energy_j);
  GpuState silent = after;
  silent.processes.reset();
  EXPECT_FALSE(watch().turn(before, silent, 1.5, {kEngine}).energy_j);
}

TEST(GpuWatch, CountsTheMemoryOfTheEngineAlone) {
  const GpuState now = state(1500, 0, {kEngine, kEngine + 1});
  EXPECT_EQ(watch().turn(now, now, 1.5, {kEngine}).memory_bytes, 300);
  EXPECT_EQ(watch().turn(now, now, 1.5, {kEngine, kEngine + 1}).memory_bytes, 600);
  EXPECT_FALSE(watch().turn(now, now, 1.5, {7}).memory_bytes);
}

TEST(GpuWatch, ClocksThatDifferByMoreThanTwoPerCentDisturb) {
  GpuWatch one = watch();
  EXPECT_EQ(disturbance(one, state(1500, 0)), "");
  EXPECT_EQ(disturbance(one, state(1471, 0)), "");
  EXPECT_EQ(disturbance(one, state(1529, 0)), "");
  EXPECT_EQ(disturbance(one, state(1469, 0)),
            "the GPU's clock was 1469 MHz, and 1500 MHz in the first turn");
  EXPECT_NE(disturbance(one, state(1531, 0)), "");
}

TEST(GpuWatch, OtherProcessesDisturb) {
  GpuWatch one = watch();
  EXPECT_EQ(disturbance(one, state(1500, 0, {kEngine, kStranger})), "another process used the GPU");
  EXPECT_EQ(disturbance(one, state(1500, 0, {kEngine, kStranger, kStranger})),
            "2 other processes used the GPU");
}

TEST(GpuWatch, HeatDisturbsAndThePowerCapAloneDoesNot) {
  GpuWatch one = watch();
  GpuState now = state(1500, 0);
  now.throttle = throttle::kPowerCap | 0x1;
  EXPECT_EQ(disturbance(one, now), "");
  now.throttle = throttle::kPowerCap | throttle::kHardwareThermal;
  EXPECT_EQ(disturbance(one, now), "the GPU was slowed down (hardware_thermal)");
  EXPECT_EQ(throttle::names(*now.throttle),
            (std::vector<std::string>{"power_cap", "hardware_thermal"}));
}

TEST(GpuWatch, WithoutNvmlNothingIsKnownAndNothingDisturbs) {
  GpuWatch one = watch();
  EXPECT_EQ(disturbance(one, {}), "");
  const GpuTurn turn = one.turn({}, {}, 2, {kEngine});
  EXPECT_FALSE(turn.energy_j || turn.memory_bytes || turn.sm_mhz);
}

TEST(WhoseProcess, FollowsTheParents) {
  const TemporaryFolder root;
  const auto process = [&](int64_t pid, int64_t parent) {
    const std::string folder = root / ("proc/" + std::to_string(pid));
    std::filesystem::create_directories(folder);
    std::ofstream(folder + "/stat")
        << pid << " (a) b) S " << parent << " 1 0 0 0 0 0 0 0 0 5 6 0\n";
  };
  process(900001, getpid());
  process(900002, 900001);
  process(900003, 1);
  EXPECT_EQ(whose_process(900002, root.path()), Whose::kOurs);
  EXPECT_EQ(whose_process(900003, root.path()), Whose::kOthers);
  EXPECT_EQ(whose_process(900004, root.path()), Whose::kUnseen);
}

TEST(Nvml, ReadsTheStub) {
  const TemporaryFolder folder;
  std::ofstream(folder / "nvml") << "sm_mhz 1470\nthrottle 4\nenergy_mj 5000\nprocess 42\n";
  setenv("DNNBENCH_STUB_NVML", (folder / "nvml").c_str(), 1);
  const Nvml nvml("GPU-10010203", DNNBENCH_STUB_NVML_LIBRARY);
  const GpuState state = nvml.read();
  unsetenv("DNNBENCH_STUB_NVML");
  EXPECT_EQ(state.sm_mhz, 1470);
  EXPECT_EQ(state.temperature_c, 45);
  EXPECT_EQ(state.throttle, throttle::kPowerCap);
  EXPECT_EQ(state.energy_mj, 5000);
  ASSERT_TRUE(state.processes && state.processes->size() == 1);
  EXPECT_EQ(state.processes->front().pid, 42);
  GpuFacts facts;
  nvml.read_facts(facts);
  EXPECT_EQ(facts.driver, "580.00");
  EXPECT_EQ(facts.max_sm_mhz, 1590);
  EXPECT_EQ(facts.power_limit_w, 70);
  EXPECT_EQ(facts.ecc, true);
  EXPECT_FALSE(facts.mig);
}

TEST(Nvml, AMigDeviceHasTheClocksOfItsBoardAndNoEnergy) {
  const TemporaryFolder folder;
  std::ofstream(folder / "nvml") << "sm_mhz 1410\nenergy_mj 5000\n";
  setenv("DNNBENCH_STUB_NVML", (folder / "nvml").c_str(), 1);
  const GpuState state = Nvml("MIG-10010203", DNNBENCH_STUB_NVML_LIBRARY).read();
  unsetenv("DNNBENCH_STUB_NVML");
  EXPECT_EQ(state.sm_mhz, 1410);
  EXPECT_EQ(state.temperature_c, 45);
  EXPECT_FALSE(state.energy_mj);
  EXPECT_TRUE(state.processes);
}

TEST(Nvml, AMissingLibraryIsSilent) {
  const Nvml nvml("GPU-10010203", "libdnnbench-has-no-such.so");
  EXPECT_FALSE(nvml.is_open());
  EXPECT_FALSE(nvml.read().sm_mhz);
}

TEST(GpuMeasured, AddsTurns) {
  GpuMeasured sum;
  add(sum, {.sm_mhz = 1500, .energy_j = 10, .memory_bytes = 5, .compute_s = {0.1}}, 20);
  add(sum, {.sm_mhz = 1490, .throttle = 4, .memory_bytes = 4, .compute_s = {0.2}}, 30);
  EXPECT_EQ(sum.lowest_sm_mhz, 1490);
  EXPECT_EQ(sum.highest_sm_mhz, 1500);
  EXPECT_EQ(sum.throttle, 4U);
  EXPECT_EQ(sum.energy_j, 10);
  EXPECT_EQ(sum.energy_inferences, 20);  // only of turns whose energy is known
  EXPECT_EQ(sum.peak_memory_bytes, 5);
  EXPECT_EQ(sum.compute_s.size(), 2U);
}

}  // namespace
}  // namespace dnnbench
