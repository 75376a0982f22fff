#include "worker/serve.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <new>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "protocol/line_channel.h"
#include "protocol/messages.h"

namespace dnnbench {
namespace {

// Counts its calls; ends a load as the model's path says.
class CountingEngine : public Engine {
 public:
  std::string version() override { return "9.8"; }
  Abilities abilities(const std::string& provider) override {
    return {true, false, true, provider == "for GPUs" ? kOnGpusOnly : ""};
  }
  LoadTimes load(const LoadConfig& config) override {
    if (config.model_path == "unsupported") throw Unsupported("operator X");
    if (config.model_path == "failed") throw Error("a broken model");
    if (config.model_path == "out_of_memory") throw std::bad_alloc();
    if (config.model_path == "no exception") throw 5;
    if (config.model_path == "no UTF-8") throw Error("\xff\n\xfe");
    config_ = config;
    return {};
  }
  InForce in_force() override {
    return {config_.precision, config_.threads, {{"CPU", 3}}, {{"key", "value"}}};
  }
  void set_inputs(const std::vector<Value>&) override {}
  void run() override { ++runs; }
  std::vector<Value> outputs() override { return {}; }

  int64_t runs = 0;

 private:
  LoadConfig config_;
};

constexpr double kForever_s = 1e6;

TEST(RunSlice, RunsAsManyExperimentsAsAskedFor) {
  CountingEngine engine;
  const TimedSlice slice = run_slice(engine, {5, 3, kForever_s});
  EXPECT_EQ(engine.runs, 15);
  EXPECT_EQ(slice.start_s.size(), 5U);
  EXPECT_EQ(slice.duration_s.size(), 5U);
}

// Says what a GPU's clock would.
class GpuEngine : public CountingEngine {
 public:
  std::optional<double> gpu_s() override {
    return runs > 0 ? std::optional(0.001 * static_cast<double>(runs)) : std::nullopt;
  }
};

TEST(RunSlice, AsksForTheGpusTimeOfEachMeasurementsLastInference) {
  GpuEngine engine;
  EXPECT_EQ(run_slice(engine, {2, 3, kForever_s}).gpu_s, (std::vector<double>{0.003, 0.006}));
  CountingEngine on_cpu;
  EXPECT_TRUE(run_slice(on_cpu, {2, 1, kForever_s}).gpu_s.empty());
}

TEST(RunSlice, BeginsNoFurtherExperimentWhenTheTimeIsOver) {
  CountingEngine engine;
  const TimedSlice slice = run_slice(engine, {1000, 4, 0});
  EXPECT_EQ(engine.runs, 4);
  EXPECT_EQ(slice.start_s.size(), 1U);
}

TEST(RunSlice, RunsAtLeastOneMeasurement) {
  CountingEngine engine;
  EXPECT_EQ(run_slice(engine, {0, 1, kForever_s}).start_s.size(), 1U);
  EXPECT_EQ(run_slice(engine, {-3, 1, -1}).start_s.size(), 1U);
  EXPECT_EQ(engine.runs, 2);
}

TEST(RunSlice, ExperimentsFollowEachOther) {
  CountingEngine engine;
  const TimedSlice slice = run_slice(engine, {100, 10, kForever_s});
  for (size_t i = 0; i < slice.start_s.size(); ++i) {
    EXPECT_GT(slice.duration_s[i], 0);
    const double before_s = i == 0 ? 0 : slice.start_s[i - 1] + slice.duration_s[i - 1];
    EXPECT_GE(slice.start_s[i], before_s - 1e-6);
  }
}

// serve() in a process of its own, on the descriptors of the protocol.
class Served {
 public:
  Served() {
    int requests[2];
    int replies[2];
    if (pipe(requests) != 0 || pipe(replies) != 0) throw Error("no pipe");
    pid_ = fork();
    if (pid_ == 0) {
      const int request_copy = dup2(requests[0], 100);
      const int reply_copy = dup2(replies[1], 101);
      for (int fd = 3; fd < 100; ++fd) close(fd);
      dup2(request_copy, kRequestFd);
      dup2(reply_copy, kReplyFd);
      close(request_copy);
      close(reply_copy);
      _exit(serve_engine());
    }
    close(requests[0]);
    close(replies[1]);
    request_fd_ = requests[1];
    reply_fd_ = replies[0];
    replies_.emplace(reply_fd_);
  }
  ~Served() {
    if (request_fd_ >= 0) end();
  }

  nlohmann::json ask(const std::string& line) {
    write_line(request_fd_, line);
    while (true) {
      if (const auto reply = replies_->next_line()) return nlohmann::json::parse(*reply);
      if (!replies_->read_some()) throw Error("no answer to " + line);
    }
  }

  nlohmann::json load(const std::string& model_path) {
    LoadConfig config;
    config.model_path = model_path;
    return ask(request_of(verb::kLoad, config).dump());
  }

  // Closes the requests and gives the exit code.
  int end() {
    close(request_fd_);
    close(reply_fd_);
    request_fd_ = -1;
    int status = 0;
    waitpid(pid_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t pid_ = -1;
  int request_fd_ = -1;
  int reply_fd_ = -1;
  std::optional<LineReader> replies_;
};

TEST(Serve, AnswersEveryRequestInTurnAndEndsWithThem) {
  Served served;
  const auto hello = served.ask(R"({"do":"hello","device":"cpu","provider":""})");
  EXPECT_EQ(hello.at("ok"), true);
  EXPECT_EQ(hello.at("version"), "9.8");
  EXPECT_EQ(hello.at("imports"), true);
  EXPECT_EQ(hello.at("compiles_ahead"), false);
  EXPECT_EQ(hello.at("tunes"), true);
  EXPECT_GT(hello.at("peak_rss_bytes").get<int64_t>(), 100'000);
  const auto loaded = served.load("model.onnx");
  EXPECT_GE(loaded.at("load_s").get<double>(), 0);
  EXPECT_EQ(loaded.at("in_force").at("placement").at(0).at("nodes"), 3);
  const auto slice = served.ask(R"({"do":"slice","measurements":7,"number":2,"max_s":1000})");
  EXPECT_EQ(slice.at("duration_s").size(), 7U);
  EXPECT_GT(slice.at("cpu_s").get<double>(), 0);
  EXPECT_GE(slice.at("involuntary_switches").get<int64_t>(), 0);
  EXPECT_EQ(served.end(), 0);
}

TEST(Serve, ARefusalIsAnAnswerWithItsReason) {
  Served served;
  const auto outcome_of = [&](const std::string& model_path) {
    const auto reply = served.load(model_path);
    EXPECT_EQ(reply.at("ok"), false);
    EXPECT_NE(reply.at("reason"), "");
    return reply.at("outcome").get<std::string>();
  };
  EXPECT_EQ(outcome_of("unsupported"), "unsupported");
  EXPECT_EQ(outcome_of("failed"), "failed");
  EXPECT_EQ(outcome_of("out_of_memory"), "out_of_memory");
  EXPECT_EQ(outcome_of("no exception"), "failed");
  EXPECT_EQ(outcome_of("no UTF-8"), "failed");
  EXPECT_EQ(served.load("model.onnx").at("ok"), true);
}

TEST(Serve, ARequestThatMakesNoSenseIsRefused) {
  Served served;
  for (const char* line : {"nonsense", "{}", "[]", R"({"do":"dance"})", R"({"do":"load"})",
                           R"({"do":"slice","measurements":"many"})",
                           R"({"do":"set_inputs","file":"/no/such/file"})"}) {
    const auto reply = served.ask(line);
    EXPECT_EQ(reply.at("ok"), false) << line;
    EXPECT_EQ(reply.at("outcome"), "failed") << line;
  }
  EXPECT_EQ(served.ask(R"({"do":"hello","device":"","provider":""})").at("ok"), true);
}

TEST(Serve, AGreetingIsRefusedWhereTheEngineCannotCompute) {
  Served served;
  const auto reason = [&](const std::string& device, const std::string& provider) {
    const nlohmann::json request{{"do", "hello"}, {"device", device}, {"provider", provider}};
    const auto reply = served.ask(request.dump());
    if (reply.at("ok")) return std::string();
    EXPECT_EQ(reply.at("outcome"), "unsupported");
    return reply.at("reason").get<std::string>();
  };
  EXPECT_EQ(reason("gpu", ""), "this engine computes on CPUs only");
  EXPECT_EQ(reason("cpu", ""), "");
  EXPECT_EQ(reason("cpu", "for GPUs"), "it computes on GPUs only; add --device=gpu");
  EXPECT_EQ(reason("", "for GPUs"), "");
}

}  // namespace

std::unique_ptr<Engine> make_engine() { return std::make_unique<CountingEngine>(); }

}  // namespace dnnbench
