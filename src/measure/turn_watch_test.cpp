// What a turn's watch makes of the machine's counters, on a clock that stands while nobody
// computes.
#include "measure/turn_watch.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <utility>

#include "testing/files.h"
#include "testing/temporary_folder.h"

namespace dnnbench {
namespace {

// An engine on one core, whose threads waited for `waited` of the time, beside other programs that
// use so many cores.
struct Machine {
  double waited = 0;
  double others_cores = 0;
  double now_s = 0;
  int calls = 0;  // to compute on

  void compute(Turn& turn, double seconds) {
    now_s += seconds;
    turn.cpu_s += seconds;
    *turn.noise.waited_s += waited * seconds;
  }

  Turn watched_turn(double seconds) {
    TurnWatch watch(nullptr);
    const auto read = [this] {
      MachineCounters counters;
      counters.counts_waiting = true;
      counters.busy_s = now_s + others_cores * now_s;
      return counters;
    };
    watch.set_machine(read, [this] { return now_s; });
    Turn turn;
    watch.watch(
        turn, {}, [&] { compute(turn, seconds); },
        [&](Turn& longer, double) {
          ++calls;
          compute(longer, 0.01);
        });
    return turn;
  }
};

TEST(TurnWatch, AShortTurnThatWaitedForItsOwnThreadsIsUndisturbed) {
  Machine machine{0.5};
  EXPECT_EQ(machine.watched_turn(0.005).disturbance, "");
  EXPECT_EQ(machine.calls, 10);
}

TEST(TurnWatch, AShortTurnThatWaitedForAnotherProgramIsDisturbed) {
  Machine machine{0.5, 0.7};
  EXPECT_EQ(machine.watched_turn(0.005).disturbance, "other programs used 0.70 cores");
}

TEST(TurnWatch, OnlyAShortTurnThatWaitedIsWatchedForLonger) {
  for (const auto& [waited, seconds] : {std::pair(0.0, 0.005), std::pair(0.5, 0.1)}) {
    Machine machine{waited, 0.7};
    EXPECT_EQ(machine.watched_turn(seconds).disturbance.empty(), waited == 0);
    EXPECT_EQ(machine.calls, 0);
  }
}

// It is the load generator that reads the clock until a request arrives.
TEST(TurnWatch, WaitingForRequestsIsNotAnotherProgram) {
  TurnWatch watch(nullptr);
  double now_s = 0;
  const auto read = [&] {
    MachineCounters counters;
    counters.counts_waiting = true;
    counters.busy_s = now_s / 2;
    return counters;
  };
  watch.set_machine(read, [&] { return now_s; });
  Turn turn;
  watch.watch(turn, {}, [&] {
    now_s = 0.2;
    turn.cpu_s = turn.spun_s = 0.05;
    turn.noise.waited_s = 0.1;
  });
  EXPECT_EQ(turn.noise.others_s, 0);
  EXPECT_EQ(turn.disturbance, "");
  EXPECT_EQ(turn.cpu_s, 0.05);
}

// Reading the GPU takes milliseconds of this program's own.
TEST(TurnWatch, ReadsTheGpuOutsideOfTheWindowOfTheMachinesCounters) {
  const TemporaryFolder folder;
  const std::string state = folder / "nvml";
  setenv("DNNBENCH_STUB_NVML", state.c_str(), 1);
  GpuAccess gpu;
  gpu.nvml = std::make_shared<Nvml>("GPU-10010203", DNNBENCH_STUB_NVML_LIBRARY);
  TurnWatch watch(&gpu);
  int readings = 0;
  const auto read = [&] {
    write_file(state, "sm_mhz " + std::to_string(++readings) + "\n");
    return MachineCounters();
  };
  watch.set_machine(read, [] { return 0.0; });
  Turn turn;
  watch.watch(turn, {}, [] {});
  unsetenv("DNNBENCH_STUB_NVML");
  EXPECT_EQ(turn.gpu->sm_mhz, 2);
}

TEST(TurnWatch, WhatIsWatchedForLongerIsNotCountedAsTheTurns) {
  const Turn turn = Machine{0.5, 0.7}.watched_turn(0.005);
  EXPECT_DOUBLE_EQ(turn.cpu_s, 0.005);
  EXPECT_DOUBLE_EQ(turn.noise.window_s, 0.005);
  EXPECT_DOUBLE_EQ(*turn.noise.waited_s, 0.0025);
}

}  // namespace
}  // namespace dnnbench
