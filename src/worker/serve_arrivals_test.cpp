#include "worker/serve_arrivals.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>
#include <vector>

#include "core/error.h"
#include "testing/temporary_folder.h"
#include "worker/process_counters.h"

namespace dnnbench {
namespace {

constexpr double kMillisecond_s = 1e-3;
constexpr double kNever_s = 3600;
constexpr double kRounding_s = 1e-6;  // of a reading of the clock as a double

// Takes so long; counts its calls.
class BusyEngine : public Engine {
 public:
  explicit BusyEngine(double duration_s) : duration_ns_(static_cast<int64_t>(1e9 * duration_s)) {}
  std::string version() override { return "1"; }
  LoadTimes load(const LoadConfig&) override { return {}; }
  InForce in_force() override { return {}; }
  void set_inputs(const std::vector<Value>&) override {}
  void run() override {
    ++runs;
    const int64_t end_ns = now_ns() + duration_ns_;
    while (now_ns() < end_ns) {
    }
  }
  std::vector<Value> outputs() override { return {}; }

  int64_t runs = 0;

 private:
  int64_t duration_ns_;
};

Schedule arrivals(std::vector<double> times_s) {
  return {to_seconds(now_ns()) + kMillisecond_s, std::move(times_s), kNever_s, ""};
}

TEST(ServeArrivals, BeginsNoneBeforeItHasArrivedNorBeforeTheOneBefore) {
  BusyEngine engine(kMillisecond_s / 5);
  const Schedule schedule = arrivals({0, 1e-6, 2e-6, 2 * kMillisecond_s, 4 * kMillisecond_s});
  const ServedPart served = serve_arrivals(engine, schedule);
  ASSERT_EQ(served.request, (std::vector<size_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(engine.runs, 5);
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_GE(served.begin_s[i], schedule.origin_s + schedule.arrival_s[i] - kRounding_s);
    EXPECT_GE(served.end_s[i] - served.begin_s[i], kMillisecond_s / 5 - kRounding_s);
    EXPECT_GE(served.late_s[i], 0);
    if (i > 0) {
      EXPECT_GE(served.begin_s[i], served.end_s[i - 1]);
    }
  }
}

TEST(ServeArrivals, LatenessIsTheTimeThatNobodyElseIsToBlameFor) {
  BusyEngine engine(kMillisecond_s);
  const Schedule schedule = arrivals({0, 0, 0});
  const ServedPart served = serve_arrivals(engine, schedule);
  EXPECT_NEAR(served.late_s[1], served.begin_s[1] - served.end_s[0], kRounding_s);
  EXPECT_NEAR(served.late_s[0], served.begin_s[0] - schedule.origin_s, kRounding_s);
}

// Each arrives within what is waited for by reading the clock after the one before; a busy machine
// may sleep through some.
TEST(ServeArrivals, CountsTheWaitingForArrivalsApart) {
  BusyEngine engine(0);
  std::vector<double> times_s;
  for (int i = 0; i < 500; ++i) times_s.push_back(i * kMillisecond_s / 5);
  const Schedule schedule = arrivals(times_s);
  const int64_t before_ns = read_process_counters().cpu_ns;
  const ServedPart served = serve_arrivals(engine, schedule);
  const double used_s = to_seconds(read_process_counters().cpu_ns - before_ns);
  EXPECT_GT(served.spun_s, 0);
  EXPECT_GE(served.cpu_s, 0);
  EXPECT_LE(served.cpu_s + served.spun_s, used_s);
}

TEST(ServeArrivals, EndsWhenTheTimeIsOver) {
  BusyEngine engine(2 * kMillisecond_s);
  Schedule schedule = arrivals(std::vector<double>(1000, 0));
  schedule.end_s = 10 * kMillisecond_s;
  const ServedPart served = serve_arrivals(engine, schedule);
  EXPECT_GE(served.request.size(), 1U);
  EXPECT_LE(served.request.size(), 6U);
}

TEST(ServeArrivals, SeveralShareOneQueue) {
  const TemporaryFolder folder;
  const std::string file = folder / "tickets";
  std::ofstream(file, std::ios::binary) << std::string(8, '\0');
  Schedule schedule = arrivals(std::vector<double>(200, 0));
  schedule.tickets_file = file;
  std::vector<ServedPart> served(3);
  std::vector<std::thread> threads;
  for (ServedPart& own : served) {
    threads.emplace_back([&] {
      BusyEngine engine(kMillisecond_s / 10);
      own = serve_arrivals(engine, schedule);
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::multiset<size_t> all;
  for (const ServedPart& own : served) {
    EXPECT_TRUE(std::is_sorted(own.request.begin(), own.request.end()));
    all.insert(own.request.begin(), own.request.end());
  }
  EXPECT_EQ(all.size(), 200U);
  EXPECT_EQ(std::set<size_t>(all.begin(), all.end()).size(), 200U);
}

TEST(ServeArrivals, AMissingTicketsFileIsAnError) {
  BusyEngine engine(0);
  Schedule schedule = arrivals({0});
  schedule.tickets_file = "/no/such/file";
  EXPECT_THROW(serve_arrivals(engine, schedule), Error);
}

}  // namespace
}  // namespace dnnbench
