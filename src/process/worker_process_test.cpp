// Drives the fake engine's parts through every way in which an engine can end. Needs
// dnnbench-engine-fake and ONNX Runtime, which it computes with.
#include "process/worker_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "core/error.h"
#include "machine/memory.h"
#include "onnx/test_model.h"
#include "protocol/messages.h"
#include "protocol/value_file.h"
#include "testing/temporary_folder.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

// Processes whose environment holds the text.
int count_environments_with(const std::string& text) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "environ");
    const std::string environment{std::istreambuf_iterator<char>(file), {}};
    count += environment.find(text) != std::string::npos ? 1 : 0;
  }
  return count;
}

class WorkerProcessTest : public ::testing::Test {
 protected:
  void SetUp() override {
    testing::write_model(testing::doubling_model(), model());
    Tensor x = make_tensor(DataType::kFloat32, {4});
    for (size_t i = 0; i < 4; ++i) x.as<float>()[i] = static_cast<float>(i) + 1;
    write_values(inputs(), {make_value("x", x)});
  }

  std::string model() const { return folder_ / "double.onnx"; }
  std::string inputs() const { return folder_ / "inputs"; }
  std::string log() const { return folder_ / "log"; }

  WorkerOptions options(double timeout_s = 60) const {
    WorkerOptions options;
    options.engine = "fake";
    options.log_path = log();
    options.timeout_s = timeout_s;
    options.writable = {folder_.path()};
    return options;
  }

  void load(WorkerProcess& worker, const std::string& part) const {
    LoadConfig config;
    config.model_path = model();
    config.provider = part;
    worker.request(request_of(verb::kLoad, config));
  }

  static nlohmann::json one_run() {
    return {{"do", "slice"}, {"measurements", 1}, {"number", 1}, {"max_s", 0}};
  }

  // Loads and runs the part once and says how that ended.
  Outcome play(const std::string& part, double timeout_s = 60) const {
    WorkerProcess worker(options(timeout_s));
    try {
      load(worker, part);
      worker.request({{"do", "set_inputs"}, {"file", inputs()}});
      worker.request(one_run());
    } catch (const EngineEnded& ended) {
      return ended.outcome;
    }
    return {};
  }

  const TemporaryFolder folder_;
};

TEST_F(WorkerProcessTest, ComputesAndAnswers) {
  WorkerProcess worker(options());
  load(worker, "ok");
  worker.request({{"do", "set_inputs"}, {"file", inputs()}});
  const auto slice =
      worker.request({{"do", "slice"}, {"measurements", 7}, {"number", 2}, {"max_s", 60}});
  EXPECT_EQ(slice.at("duration_s").size(), 7U);
  worker.request({{"do", "outputs"}, {"file", folder_ / "outputs"}});
  const std::vector<Value> outputs = read_values(folder_ / "outputs");
  ASSERT_EQ(outputs.size(), 1U);
  EXPECT_EQ(to_doubles(outputs[0].tensor()), (std::vector<double>{2, 4, 6, 8}));
  EXPECT_GT(worker.peak_rss_bytes(), 1'000'000);
}

TEST_F(WorkerProcessTest, APathThatIsNotUtf8IsNamed) {
  WorkerProcess worker(options());
  try {
    worker.request({{"do", "set_inputs"}, {"file", "/tmp/caf\xe9/inputs"}});
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "the path /tmp/caf\xef\xbf\xbd/inputs is not UTF-8; engines need one that is, so "
                 "rename it");
  }
}

TEST_F(WorkerProcessTest, ANameInTheModelThatIsNotUtf8IsAnErrorAndNoEnd) {
  WorkerProcess worker(options());
  LoadConfig config;
  config.model_path = model();
  config.extra_outputs = {"conv\xb5"};
  EXPECT_THROW(worker.request(request_of(verb::kLoad, config)), Error);
  load(worker, "ok");
}

TEST_F(WorkerProcessTest, StaysOnTheCoresItIsGiven) {
  const Cores allowed = allowed_cores();
  WorkerProcess everywhere(options());
  load(everywhere, "ok");
  EXPECT_EQ(everywhere.cores(), allowed);
  WorkerOptions confined = options();
  confined.cores = {allowed.back()};
  WorkerProcess worker(confined);
  load(worker, "ok");
  EXPECT_EQ(worker.cores(), confined.cores);
}

TEST_F(WorkerProcessTest, OneProcessRunsManyModels) {
  WorkerProcess worker(options());
  for (int i = 0; i < 3; ++i) {
    load(worker, "ok");
    worker.request({{"do", "set_inputs"}, {"file", inputs()}});
    worker.request(one_run());
  }
}

// The third field of /proc/PID/stat: 'T' for a stopped process.
char state_of_engine() {
  for (const auto& entry : fs::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "stat");
    std::string pid, name, state, parent;
    file >> pid >> name >> state >> parent;
    if (name.rfind("(dnnbench-engin", 0) == 0 && parent == std::to_string(getpid()))
      return state[0];
  }
  return '?';
}

TEST_F(WorkerProcessTest, StandsStillWhilePausedAndGoesOnWithTheNextRequest) {
  WorkerProcess worker(options());
  load(worker, "ok");
  worker.request({{"do", "set_inputs"}, {"file", inputs()}});
  for (int i = 0; i < 3; ++i) {
    worker.pause();
    worker.pause();
    EXPECT_EQ(state_of_engine(), 'T');
    worker.request(one_run());
    EXPECT_NE(state_of_engine(), 'T');
  }
  worker.pause();  // and is ended while it stands
}

TEST_F(WorkerProcessTest, AnEngineThatEndedIsFoundByTheNextRequestAfterAPause) {
  WorkerProcess worker(options());
  load(worker, "crash");
  worker.request({{"do", "set_inputs"}, {"file", inputs()}});
  EXPECT_THROW(worker.request(one_run()), EngineEnded);
  worker.pause();
  EXPECT_THROW(worker.request(one_run()), EngineEnded);
}

TEST_F(WorkerProcessTest, ARefusalLeavesTheProcessAlive) {
  WorkerProcess worker(options());
  try {
    load(worker, "unsupported");
    FAIL() << "the fake engine should have refused";
  } catch (const EngineEnded& ended) {
    EXPECT_EQ(ended.outcome.kind, OutcomeKind::kUnsupported);
    EXPECT_NE(ended.outcome.reason.find("pretend"), std::string::npos);
  }
  EXPECT_TRUE(worker.alive());
  load(worker, "ok");
}

TEST_F(WorkerProcessTest, EveryEndHasItsName) {
  EXPECT_EQ(play("failed").kind, OutcomeKind::kFailed);
  EXPECT_EQ(play("crash_on_load").kind, OutcomeKind::kCrashed);
  EXPECT_EQ(play("abort").kind, OutcomeKind::kCrashed);
  const Outcome crash = play("crash");
  EXPECT_EQ(crash.kind, OutcomeKind::kCrashed);
  EXPECT_NE(crash.reason.find("SIGSEGV"), std::string::npos) << crash.reason;
  const Outcome unnamed = play("signal_without_name");
  EXPECT_EQ(unnamed.kind, OutcomeKind::kCrashed);
  EXPECT_EQ(unnamed.reason,
            fmt::format("ended by signal {} (Real-time signal 6) during slice", SIGRTMIN + 6));
  const Outcome exit = play("exit");
  EXPECT_EQ(exit.kind, OutcomeKind::kFailed);
  EXPECT_NE(exit.reason.find("exit code 7"), std::string::npos) << exit.reason;
}

TEST_F(WorkerProcessTest, AHangEndsAtItsDeadline) {
  const Outcome outcome = play("hang", 4.5);
  EXPECT_EQ(outcome.kind, OutcomeKind::kTimedOut);
  EXPECT_EQ(outcome.reason, "no answer to slice within 4.5 s (--timeout)");
}

// Whether a pipe that this process reads holds something.
bool something_has_arrived() {
  for (int fd = 3; fd < 100; ++fd) {
    struct stat file{};
    int bytes = 0;
    if (fstat(fd, &file) == 0 && S_ISFIFO(file.st_mode) &&
        (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY && ioctl(fd, FIONREAD, &bytes) == 0 &&
        bytes > 0)
      return true;
  }
  return false;
}

// As after Ctrl-Z and fg.
TEST_F(WorkerProcessTest, AnAnswerThatIsThereIsReadEvenAfterTheDeadline) {
  WorkerProcess worker(options());
  load(worker, "ok");
  worker.request({{"do", "set_inputs"}, {"file", inputs()}});
  worker.ask(one_run(), -61, 1);  // the deadline has passed
  for (int tries = 0; tries < 1000 && !something_has_arrived(); ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_EQ(worker.answer().at("duration_s").size(), 1U);
}

TEST_F(WorkerProcessTest, MemoryIsLimited) {
  if (!kCanLimitMemory) GTEST_SKIP() << "the sanitizer reserves more than any limit";
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_DATA, &before), 0);
  const rlimit small{rlim_t{1} << 30, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_DATA, &small), 0);
  const Outcome outcome = play("out_of_memory");
  const Outcome ignored = play("ignore_out_of_memory");
  const Outcome other = play("crash");
  ASSERT_EQ(setrlimit(RLIMIT_DATA, &before), 0);
  EXPECT_EQ(outcome.kind, OutcomeKind::kOutOfMemory) << outcome.reason;
  EXPECT_EQ(ignored.kind, OutcomeKind::kOutOfMemory) << ignored.reason;
  EXPECT_NE(ignored.reason.find(" of 1073 MB were in use"), std::string::npos) << ignored.reason;
  EXPECT_EQ(other.kind, OutcomeKind::kCrashed) << other.reason;
}

// AWS's images set it, and f32 models would be computed in bf16.
TEST_F(WorkerProcessTest, TheEnvironmentChoosesThePrecisionOnlyWhereThatIsAskedFor) {
  const std::string mode = "mode" + std::to_string(getpid());
  for (const char* name : {"ONEDNN_DEFAULT_FPMATH_MODE", "DNNL_DEFAULT_FPMATH_MODE"}) {
    setenv(name, mode.c_str(), 1);
    for (const bool default_precision : {false, true}) {
      WorkerOptions worker_options = options();
      worker_options.default_precision = default_precision;
      WorkerProcess worker(worker_options);
      load(worker, "ok");
      EXPECT_EQ(count_environments_with(name + ("=" + mode)), default_precision ? 1 : 0);
    }
    unsetenv(name);
  }
}

TEST_F(WorkerProcessTest, StrayGrandchildrenAreKilled) {
  const std::string mark = "of" + std::to_string(getpid());
  setenv("DNNBENCH_TEST_MARK", mark.c_str(), 1);
  EXPECT_EQ(play("orphan").kind, OutcomeKind::kCrashed);
  unsetenv("DNNBENCH_TEST_MARK");
  int left = 0;
  for (int tries = 0; tries < 100; ++tries) {
    left = count_environments_with("DNNBENCH_TEST_MARK=" + mark);
    if (left == 0) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_EQ(left, 0);
}

TEST_F(WorkerProcessTest, WhatALibraryPrintsGoesToTheLog) {
  EXPECT_EQ(play("noisy").kind, OutcomeKind::kOk);
  std::ifstream file(log());
  std::string text;
  std::getline(file, text);
  EXPECT_EQ(text, std::string(4096, '#'));
}

TEST_F(WorkerProcessTest, AnEngineThatIsNotBuiltIsUnsupported) {
  WorkerOptions missing = options();
  missing.engine = "nonesuch";
  try {
    WorkerProcess worker(missing);
    FAIL() << "there is no such engine";
  } catch (const EngineEnded& ended) {
    EXPECT_EQ(ended.outcome.kind, OutcomeKind::kUnsupported);
    EXPECT_NE(ended.outcome.reason.find("nonesuch"), std::string::npos);
  }
}

}  // namespace
}  // namespace dnnbench
