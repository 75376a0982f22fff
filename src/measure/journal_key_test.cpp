#include "measure/journal_key.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <thread>
#include <utility>

#include "machine/cores.h"
#include "onnx/test_model.h"
#include "testing/temporary_folder.h"

namespace dnnbench {
namespace {

InputSample sample(const std::string& bytes) {
  Tensor tensor = make_tensor(DataType::kUint8, {static_cast<int64_t>(bytes.size())});
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(tensor.bytes.data()));
  return {make_value("x", std::move(tensor))};
}

std::string key(const RunOptions& options, const AccuracySamples& samples) {
  PreparedModel model;
  model.model.path = "m.onnx";
  model.samples = std::make_shared<const AccuracySamples>(samples);
  return journal_key(options, {}, {&model}, {}, std::nullopt);
}

// The same command, after the user has replaced them: what was found out by then is of others.
TEST(JournalKey, IsAnotherWithOtherSamples) {
  AccuracySamples samples;
  samples.calibration = {sample("a")};
  samples.held_out = {{1, sample("b"), {}, {}}, {2, sample("c"), {}, {}}};
  const std::string before = key({}, samples);
  EXPECT_EQ(key({}, samples), before);
  AccuracySamples others = samples;
  others.calibration = {sample("d")};
  EXPECT_NE(key({}, others), before);
  others = samples;
  others.held_out[1].inputs = sample("d");
  EXPECT_NE(key({}, others), before);
  others = samples;
  std::swap(others.held_out[0], others.held_out[1]);
  EXPECT_NE(key({}, others), before);
  others = samples;
  others.f32_scores = {1, 0.5};
  EXPECT_NE(key({}, others), before);
}

TEST(JournalKey, IsAnotherWithAnotherScriptOfTheMetric) {
  const TemporaryFolder folder;
  const std::string script = folder / "metric.py";
  RunOptions options;
  options.metric_command = "python3 " + script + " --strict";
  testing::write_file(script, "print(1)");
  const std::string before = key(options, {});
  EXPECT_EQ(key(options, {}), before);
  testing::write_file(script, "print(0.5)");
  EXPECT_NE(key(options, {}), before);
}

// As many as before, but perhaps of another kind.
TEST(JournalKey, IsAnotherOnOtherCores) {
  const Cores cores = allowed_cores();
  if (cores.size() < 2) GTEST_SKIP() << "needs two cores";
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  std::vector<std::string> keys;
  for (const int core : {cores[0], cores[1]}) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
    keys.push_back(key({}, {}));
  }
  ASSERT_EQ(sched_setaffinity(0, sizeof before, &before), 0);
  EXPECT_NE(keys[0], keys[1]);
}

// numactl, nice and their like are in no command line: engines inherit what they set. In a thread,
// whose own these are.
TEST(JournalKey, IsAnotherUnderAnotherPriorityOrMemoryPolicy) {
  const std::string usual = key({}, {});
  std::string nice, bound;
  bool can_bind = false;
  std::thread([&] {
    ASSERT_EQ(setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + 1), 0);
    nice = key({}, {});
    const unsigned long first_node = 1;
    constexpr int kBind = 2;  // MPOL_BIND
    can_bind = syscall(SYS_set_mempolicy, kBind, &first_node, 8 * sizeof first_node) == 0;
    bound = key({}, {});
  }).join();
  EXPECT_NE(nice, usual);
  EXPECT_EQ(key({}, {}), usual);
  if (!can_bind) GTEST_SKIP() << "this kernel has no memory policies";
  EXPECT_NE(bound, nice);
}

TEST(JournalKey, IsAnotherWithAVariableThatEnginesMayObeyButNotInAnotherSession) {
  const auto key_with = [](const char* name, const char* value) {
    setenv(name, value, 1);
    const std::string changed = key({}, {});
    unsetenv(name);
    return changed;
  };
  const std::string before = key({}, {});
  const std::string faster = key_with("ONEDNN_DEFAULT_FPMATH_MODE", "BF16");
  EXPECT_NE(faster, before);
  EXPECT_NE(key_with("ONEDNN_DEFAULT_FPMATH_MODE", "F16"), faster);
  EXPECT_NE(key_with("SOME_LIBRARY_S_SWITCH", "a secret"), before);
  EXPECT_EQ(key_with("SOME_LIBRARY_S_SWITCH", "a secret").find("a secret"), std::string::npos);
  EXPECT_EQ(key_with("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22"), before);
  EXPECT_EQ(key_with("TMUX_PANE", "%7"), before);
}

}  // namespace
}  // namespace dnnbench
