// Engines under load, with the fake engine. Needs dnnbench-engine-fake and ONNX Runtime.
#include "measure/traffic_rounds.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "onnx/test_model.h"
#include "testing/temporary_folder.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

struct Listener : Progress {
  void note(const std::string&) override {}
  void step(const std::string&, const std::string& doing, std::optional<double>) override {
    if (doing.rfind("under ", 0) == 0) under_load = true;
  }
  void finished(const Result&) override {}

  std::atomic<bool> under_load = false;
};

// The fake engine's process, a child of this one.
pid_t fake_engine() {
  for (const auto& entry : fs::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "stat");
    std::string pid, name, state;
    pid_t parent = 0;
    if (file >> pid >> name >> state >> parent && parent == getpid() &&
        name.find("dnnbench-engine") != std::string::npos) {
      return std::stoi(pid);
    }
  }
  return 0;
}

class LoadRoundsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    options_.mode = Mode::kLoad;
    options_.rate_per_s = 200;
    options_.repeat = 200;
    options_.warmup = 3;
    options_.timeout_s = 60;
    const std::string path = folder_ / "double.onnx";
    testing::write_model(testing::doubling_model(), path);
    prepared_ = prepare_model(options_, read_model(path), 1, work_, listener_);
  }

  std::vector<Result> measure(const std::vector<std::string>& parts) {
    std::vector<Result> results(parts.size());
    std::vector<Contestant> contestants;
    for (size_t i = 0; i < parts.size(); ++i) {
      Result& result = results[i];
      result.backend = parts[i];
      result.output_path = folder_ / ("result" + std::to_string(i) + ".json");
      result.log_path = "log" + std::to_string(i) + ".log";
      contestants.push_back({&result, nullptr});
      const EngineChoice choice{"fake", "fake", parts[i]};
      contestants.back().bench =
          std::make_unique<EngineBench>(options_, prepared_, choice, work_, listener_, result);
      contestants.back().bench->prepare();
      contestants.back().bench->pause();
    }
    TrafficRounds rounds(options_, listener_,
                         [this](Result& result) { ended_.push_back(result.backend); });
    rounds.measure(contestants);
    for (const Contestant& contestant : contestants) EXPECT_FALSE(contestant.bench);
    return results;
  }

  const TemporaryFolder folder_;
  const WorkFolder work_;
  Listener listener_;
  RunOptions options_;
  PreparedModel prepared_;
  std::vector<std::string> ended_;
};

TEST_F(LoadRoundsTest, EveryRequestIsKeptInTheOrderOfItsTurn) {
  const Result result = measure({"ok,duration_s=0.0005"})[0];
  ASSERT_TRUE(result.load);
  EXPECT_EQ(result.load->rates.size(), 1U);
  EXPECT_GE(result.data.size(), 200U);
  EXPECT_EQ(result.start_s.size(), result.data.size());
  EXPECT_EQ(result.block.size(), result.data.size());
  EXPECT_EQ(result.load->begin_s.size(), result.data.size());
  EXPECT_TRUE(std::is_sorted(result.start_s.begin(), result.start_s.end()));
  EXPECT_EQ(result.load->figures().requests, result.data.size());
  EXPECT_GE(result.load->figures().mean_service_s, 0.0005);
  EXPECT_EQ(result.stopped, Stop::kRepeat);
}

TEST_F(LoadRoundsTest, MoreThanItCanDoIsToldAfterOneCleanTurn) {
  options_.rate_per_s = 2000;
  options_.repeat = 10'000;
  const Result result = measure({"ok,duration_s=0.002"})[0];
  ASSERT_TRUE(result.load);
  EXPECT_EQ(result.load->figures().verdict, LoadVerdict::kOverloaded);
  EXPECT_LE(result.load->figures().most_per_s(), 500);
  EXPECT_FALSE(carried_per_s(*result.load));
  EXPECT_GE(result.blocks, 1);
  EXPECT_LE(result.blocks, 1 + result.blocks_disturbed);
  EXPECT_TRUE(latency_percentiles_s(result).empty());
}

TEST_F(LoadRoundsTest, AnEngineThatDiesMidwayLeavesTheOthersTheirs) {
  const std::vector<std::string> parts{"crash_later,calls=60", "ok,duration_s=0.0005",
                                       "wrong_later"};
  const std::vector<Result> results = measure(parts);
  EXPECT_EQ(results[0].outcome.kind, OutcomeKind::kCrashed);
  EXPECT_FALSE(results[0].load);
  EXPECT_TRUE(results[1].outcome.ok());
  EXPECT_GE(results[1].data.size(), 200U);
  EXPECT_EQ(results[2].outcome.kind, OutcomeKind::kWrongOutput);
  EXPECT_EQ(ended_.size(), 3U);
  EXPECT_NE(ended_.back(), parts[0]);  // written when it ended, not after all
}

// A process that is stopped while it waits for a request can't begin it in time; the kernel counts
// that as nobody's wait for a core.
TEST_F(LoadRoundsTest, ALateGeneratorVoidsTheFigures) {
  options_.rate_per_s = 50;
  std::vector<Result> results;
  std::thread run([&] { results = measure({"ok,duration_s=0.00001"}); });
  while (!listener_.under_load) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  std::this_thread::sleep_for(std::chrono::milliseconds(1000));
  const pid_t engine = fake_engine();
  ASSERT_GT(engine, 0);
  kill(engine, SIGSTOP);
  std::this_thread::sleep_for(std::chrono::milliseconds(400));
  kill(engine, SIGCONT);
  run.join();
  const Result& result = results[0];
  if (result.blocks_disturbed > 0) GTEST_SKIP() << "the machine is too busy";
  ASSERT_TRUE(result.load);
  EXPECT_EQ(result.load->figures().verdict, LoadVerdict::kLate);
  EXPECT_GT(result.load->figures().most_late_s, 0.1);
  EXPECT_FALSE(carried_per_s(*result.load));
  EXPECT_TRUE(latency_percentiles_s(result).empty());
}

}  // namespace
}  // namespace dnnbench
