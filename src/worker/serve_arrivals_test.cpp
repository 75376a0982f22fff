#include "worker/serve_arrivals.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "core/error.h"
#include "testing/temporary_folder.h"

namespace dnnbench {
namespace {

constexpr int64_t kMillisecond = 1'000'000;
constexpr int64_t kNever = int64_t{3600} * 1'000'000'000;

// Takes so long; counts its calls.
class BusyEngine : public Engine {
 public:
  explicit BusyEngine(int64_t duration_ns) : duration_ns_(duration_ns) {}
  std::string version() override { return "1"; }
  void load(const LoadConfig&) override {}
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

Arrivals arrivals(std::vector<int64_t> times_ns) {
  return {now_ns() + kMillisecond, std::move(times_ns), kNever, ""};
}

TEST(ServeArrivals, BeginsNoneBeforeItHasArrivedNorBeforeTheOneBefore) {
  BusyEngine engine(kMillisecond / 5);
  const Arrivals schedule = arrivals({0, 1000, 2000, 2 * kMillisecond, 4 * kMillisecond});
  const Served served = serve_arrivals(engine, schedule);
  ASSERT_EQ(served.request, (std::vector<int64_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(engine.runs, 5);
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_GE(served.begin_ns[i], schedule.origin_ns + schedule.arrival_ns[i]);
    EXPECT_GE(served.finish_ns[i] - served.begin_ns[i], kMillisecond / 5);
    EXPECT_GE(served.late_ns[i], 0);
    if (i > 0) {
      EXPECT_GE(served.begin_ns[i], served.finish_ns[i - 1]);
    }
  }
}

TEST(ServeArrivals, LatenessIsTheTimeThatNobodyElseIsToBlameFor) {
  BusyEngine engine(kMillisecond);
  const Arrivals schedule = arrivals({0, 0, 0});
  const Served served = serve_arrivals(engine, schedule);
  EXPECT_EQ(served.late_ns[1], served.begin_ns[1] - served.finish_ns[0]);
  EXPECT_EQ(served.late_ns[0], served.begin_ns[0] - schedule.origin_ns);
}

TEST(ServeArrivals, EndsWhenTheTimeIsOver) {
  BusyEngine engine(2 * kMillisecond);
  Arrivals schedule = arrivals(std::vector<int64_t>(1000, 0));
  schedule.end_ns = 10 * kMillisecond;
  const Served served = serve_arrivals(engine, schedule);
  EXPECT_GE(served.request.size(), 1U);
  EXPECT_LE(served.request.size(), 6U);
}

TEST(ServeArrivals, SeveralShareOneQueue) {
  const TemporaryFolder folder;
  const std::string file = folder / "tickets";
  std::ofstream(file, std::ios::binary) << std::string(8, '\0');
  Arrivals schedule = arrivals(std::vector<int64_t>(200, 0));
  schedule.tickets_file = file;
  std::vector<Served> served(3);
  std::vector<std::thread> threads;
  for (Served& own : served) {
    threads.emplace_back([&] {
      BusyEngine engine(kMillisecond / 10);
      own = serve_arrivals(engine, schedule);
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::multiset<int64_t> all;
  for (const Served& own : served) {
    EXPECT_TRUE(std::is_sorted(own.request.begin(), own.request.end()));
    all.insert(own.request.begin(), own.request.end());
  }
  EXPECT_EQ(all.size(), 200U);
  EXPECT_EQ(std::set<int64_t>(all.begin(), all.end()).size(), 200U);
}

TEST(ServeArrivals, AMissingTicketsFileIsAnError) {
  BusyEngine engine(0);
  Arrivals schedule = arrivals({0});
  schedule.tickets_file = "/no/such/file";
  EXPECT_THROW(serve_arrivals(engine, schedule), Error);
}

}  // namespace
}  // namespace dnnbench
