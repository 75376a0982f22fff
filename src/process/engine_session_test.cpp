// Sessions with an engine that breaks the protocol (tests/hostile): each ends as the outcome that
// it should, in time, and leaves nothing behind.
#include "process/engine_session.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "core/error.h"
#include "protocol/value_file.h"
#include "testing/files.h"
#include "testing/temporary_folder.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

std::vector<pid_t> processes_with(const std::string& text) {
  std::vector<pid_t> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const pid_t pid = std::atoi(entry.path().filename().c_str());
    if (pid > 0 && read_file(entry.path() / "environ").find(text) != std::string::npos) {
      found.push_back(pid);
    }
  }
  return found;
}

class HostileEngine : public ::testing::Test {
 protected:
  void SetUp() override {
    Tensor x = make_tensor(DataType::kFloat32, {2});
    x.as<float>()[1] = 4;
    write_values(inputs(), {make_value("x", x)});
  }
  void TearDown() override { unsetenv("DNNBENCH_HOSTILE"); }

  std::string inputs() const { return folder_ / "inputs"; }
  std::string log() const { return folder_ / "log"; }

  std::unique_ptr<EngineSession> start(const std::string& part, double timeout_s = 30) const {
    setenv("DNNBENCH_HOSTILE", part.c_str(), 1);
    WorkerOptions options;
    options.program = "dnnbench-hostile-engine";
    options.log_path = log();
    options.timeout_s = timeout_s;
    return std::make_unique<EngineSession>(options, folder_.path());
  }

  // Everything that a session can do.
  static void play(EngineSession& session, const std::string& inputs_file) {
    session.hello();
    session.load({});
    session.set_inputs(inputs_file);
    session.slice(7, 1, 0.1);
    session.start_serving({now_s(), {0.001, 0.002, 0.003}, 1, ""});
    session.end_serving();
    session.outputs();
    session.save_converted("/tmp/model");
  }

  Outcome outcome_of(const std::string& part, double timeout_s = 30) const {
    const auto session = start(part, timeout_s);
    try {
      play(*session, inputs());
    } catch (const EngineEnded& ended) {
      return ended.outcome;
    }
    return {};
  }

  static double now_s() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration<double>(now).count();
  }

  const TemporaryFolder folder_;
};

TEST_F(HostileEngine, IsBelievedWhileItSaysWhatCanBe) {
  const auto session = start("");
  EXPECT_EQ(session->hello().version, "6.6.6");
  EXPECT_EQ(session->load({}).in_force.threads, 1);
  session->set_inputs(inputs());
  EXPECT_EQ(session->slice(7, 1, 10).duration_s.size(), 7U);
  session->start_serving({now_s(), {0.001, 0.002}, 1, ""});
  EXPECT_EQ(session->end_serving().request.size(), 2U);
  const std::vector<Value> outputs = session->outputs();
  ASSERT_EQ(outputs.size(), 1U);
  EXPECT_EQ(to_doubles(outputs[0].tensor()), (std::vector<double>{0, 4}));
}

struct Lying : HostileEngine, ::testing::WithParamInterface<const char*> {};

TEST_P(Lying, FailsWithTheReason) {
  const Outcome outcome = outcome_of(GetParam());
  EXPECT_EQ(outcome.kind, OutcomeKind::kFailed) << outcome.reason;
  EXPECT_NE(outcome.reason.find("can't be true: "), std::string::npos) << outcome.reason;
  EXPECT_LT(outcome.reason.size(), 1000U);
}

std::string name_of(const ::testing::TestParamInfo<const char*>& part) { return part.param; }

INSTANTIATE_TEST_SUITE_P(
    HostileEngine, Lying,
    ::testing::Values("no_times", "uneven_times", "zero_time", "negative_time", "endless_time",
                      "times_of_before", "overlapping_times", "many_times", "text_for_times",
                      "no_number_for_time", "missing_times", "negative_switches", "negative_cpu",
                      "refuses_with_ok", "refuses_as_crashed", "refuses_with_nonsense",
                      "refuses_without_outcome", "refuses_without_reason",
                      "refuses_with_empty_reason", "refuses_with_number", "ok_is_text",
                      "negative_memory", "is_an_array", "serves_twice", "serves_what_is_not_there",
                      "serves_too_early", "spins_for_hours", "serves_without_times", "long_version",
                      "number_for_version", "long_load", "negative_load", "negative_threads",
                      "text_for_threads", "long_precision", "negative_nodes", "saves_elsewhere",
                      "is_not_json", "is_not_utf8", "is_empty", "is_deep", "has_no_end",
                      "speaks_twice"),
    name_of);

struct WithFalseOutputs : HostileEngine, ::testing::WithParamInterface<const char*> {};

TEST_P(WithFalseOutputs, FailsWithoutWaiting) {
  const Outcome outcome = outcome_of(GetParam());
  EXPECT_EQ(outcome.kind, OutcomeKind::kFailed) << outcome.reason;
  EXPECT_FALSE(outcome.reason.empty());
}

INSTANTIATE_TEST_SUITE_P(HostileEngine, WithFalseOutputs,
                         ::testing::Values("no_outputs", "fifo_outputs", "folder_outputs",
                                           "device_outputs", "sparse_outputs", "huge_outputs",
                                           "uncountable_outputs", "negative_outputs",
                                           "negative_shape", "wrong_shape", "unknown_type",
                                           "endless_string"),
                         name_of);

TEST_F(HostileEngine, IsEndedAtTheDeadlineWhileItAnswers) {
  for (const char* part : {"says_nothing", "says_half"}) {
    EXPECT_EQ(outcome_of(part, 1).kind, OutcomeKind::kTimedOut) << part;
  }
}

TEST_F(HostileEngine, IsEndedAtTheDeadlineWhileItDoesNotRead) {
  const auto session = start("is_deaf", 3);
  session->set_inputs(inputs());
  const double start_s = now_s();
  try {
    session->start_serving({now_s(), std::vector<double>(200'000, 0.001), 0.1, ""});
    FAIL() << "nobody has read the request";
  } catch (const EngineEnded& ended) {
    EXPECT_EQ(ended.outcome.kind, OutcomeKind::kTimedOut) << ended.outcome.reason;
  }
  EXPECT_GE(now_s() - start_s, 3);
}

TEST_F(HostileEngine, MayDieWhileItIsPaused) {
  const std::string mark = "DNNBENCH_TEST_MARK=paused" + std::to_string(getpid());
  putenv(const_cast<char*>(mark.c_str()));
  const auto session = start("");
  unsetenv("DNNBENCH_TEST_MARK");
  session->hello();
  session->pause();
  const std::vector<pid_t> engines = processes_with(mark);
  ASSERT_EQ(engines.size(), 1U);
  kill(engines[0], SIGKILL);
  try {
    session->set_inputs(inputs());
    FAIL() << "it has ended";
  } catch (const EngineEnded& ended) {
    EXPECT_EQ(ended.outcome.kind, OutcomeKind::kCrashed);
    EXPECT_NE(ended.outcome.reason.find("SIGKILL"), std::string::npos) << ended.outcome.reason;
  }
}

TEST_F(HostileEngine, LeavesNoDaemonBehind) {
  const std::string mark = "DNNBENCH_TEST_MARK=daemon" + std::to_string(getpid());
  putenv(const_cast<char*>(mark.c_str()));
  auto session = start("leaves_a_daemon");
  unsetenv("DNNBENCH_TEST_MARK");
  session->load({});
  // The one between the two ends by itself.
  while (processes_with(mark).size() != 2)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  session.reset();
  EXPECT_EQ(processes_with(mark).size(), 0U);
}

TEST_F(HostileEngine, FillsNoDiskWithItsLog) {
  {
    const auto session = start("floods_its_log");
    play(*session, inputs());
  }
  EXPECT_LE(fs::file_size(log()), static_cast<size_t>(LogFile::kMax_bytes));
  const std::string text = read_file(log());
  EXPECT_EQ(text.substr(text.size() - 8), "the end\n");
  EXPECT_EQ(text.rfind("[dnnbench cut the first ", 0), 0U) << text.substr(0, 100);
}

TEST_F(HostileEngine, CannotColourTheTerminal) {
  const Outcome outcome = outcome_of("shows_colours");
  EXPECT_EQ(outcome.kind, OutcomeKind::kCrashed);
  EXPECT_NE(outcome.reason.find("all is "), std::string::npos) << outcome.reason;
  for (const char character : outcome.reason) EXPECT_GE(character, ' ');
}

TEST_F(HostileEngine, HasAFolderOfItsOwnThatIsGoneWithIt) {
  const auto entries = [&] {
    return std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator());
  };
  auto one = start("");
  auto other = start("");
  EXPECT_EQ(entries(), 4);  // with the inputs and the log
  one.reset();
  other.reset();
  EXPECT_EQ(entries(), 2);
}

TEST_F(HostileEngine, CannotBlockTheTicketsFile) {
  const WorkFolder folder;
  const std::string file = make_tickets_file(folder);
  EXPECT_EQ(read_file(file), std::string(8, '\0'));
  unlink(file.c_str());
  ASSERT_EQ(mkfifo(file.c_str(), 0600), 0);
  EXPECT_EQ(read_file(make_tickets_file(folder)), std::string(8, '\0'));
}

}  // namespace
}  // namespace dnnbench
