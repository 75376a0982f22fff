#include "worker/serve_arrivals.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <ctime>

#include "core/error.h"
#include "worker/process_counters.h"

namespace dnnbench {
namespace {

using Counter = std::atomic<uint64_t>;
static_assert(Counter::is_always_lock_free && sizeof(Counter) == 8);

// A virtual machine wakes a sleeper within about 0.1 ms; from here on the clock is read instead.
constexpr int64_t kSpin_ns = 300'000;

// Hands out 0, 1, 2, ...: each number once among all who share the file.
class Tickets {
 public:
  explicit Tickets(const std::string& file) {
    if (file.empty()) return;
    const int fd = open(file.c_str(), O_RDWR | O_CLOEXEC);
    void* const mapped =
        fd < 0 ? MAP_FAILED
               : mmap(nullptr, sizeof(Counter), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0) close(fd);
    if (mapped == MAP_FAILED) {
      throw Error("the tickets file " + file + " can't be mapped: " + std::strerror(errno));
    }
    next_ = static_cast<Counter*>(mapped);
  }
  ~Tickets() {
    if (next_ != &own_) munmap(next_, sizeof(Counter));
  }
  Tickets(const Tickets&) = delete;
  Tickets& operator=(const Tickets&) = delete;

  size_t take() { return next_->fetch_add(1, std::memory_order_relaxed); }

 private:
  Counter own_{0};
  Counter* next_ = &own_;
};

void sleep_until(int64_t time_ns) {
  const timespec until{time_ns / 1'000'000'000, time_ns % 1'000'000'000};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
  }
}

// Returns the time spent reading the clock, not sleeping.
int64_t wait_until(int64_t time_ns) {
  if (time_ns - now_ns() > kSpin_ns) sleep_until(time_ns - kSpin_ns);
  const int64_t start_ns = now_ns();
  int64_t at_ns = start_ns;
  while (at_ns < time_ns) at_ns = now_ns();
  return at_ns - start_ns;
}

void reserve(size_t count, ServedPart& served) {
  served.request.reserve(count);
  for (auto* list : {&served.begin_s, &served.end_s, &served.late_s}) list->reserve(count);
}

int64_t to_nanoseconds(double seconds) { return std::llround(seconds * 1e9); }

std::vector<int64_t> to_nanoseconds(const std::vector<double>& seconds) {
  std::vector<int64_t> nanoseconds;
  nanoseconds.reserve(seconds.size());
  for (const double value : seconds) nanoseconds.push_back(to_nanoseconds(value));
  return nanoseconds;
}

}  // namespace

ServedPart serve_arrivals(Engine& engine, const Schedule& schedule) {
  prctl(PR_SET_TIMERSLACK, 1);  // nanoseconds; otherwise every sleep ends up to 50 us late
  Tickets tickets(schedule.tickets_file);
  const std::vector<int64_t> arrival_ns = to_nanoseconds(schedule.arrival_s);
  const int64_t origin_ns = to_nanoseconds(schedule.origin_s);
  const int64_t end_ns = origin_ns + to_nanoseconds(schedule.end_s);
  ServedPart served;
  reserve(arrival_ns.size(), served);
  const ProcessCounters before = read_process_counters();
  int64_t spun_ns = 0, free_ns = origin_ns;
  for (size_t i = tickets.take(); i < arrival_ns.size() && free_ns < end_ns; i = tickets.take()) {
    const int64_t intended_ns = origin_ns + arrival_ns[i];
    spun_ns += wait_until(intended_ns);
    const int64_t begin_ns = now_ns();
    engine.run();
    const int64_t finish_ns = now_ns();
    served.request.push_back(i);
    served.begin_s.push_back(to_seconds(begin_ns));
    served.end_s.push_back(to_seconds(finish_ns));
    served.late_s.push_back(to_seconds(begin_ns - std::max(intended_ns, free_ns)));
    free_ns = finish_ns;
  }
  const ProcessCounters counted = since(before);
  served.waited_s = to_seconds(counted.waited_ns);
  const int64_t spun_cpu_ns = std::min(spun_ns, counted.cpu_ns);
  served.spun_s = to_seconds(spun_cpu_ns);
  served.cpu_s = to_seconds(counted.cpu_ns - spun_cpu_ns);
  served.involuntary_switches = counted.involuntary_switches;
  return served;
}

}  // namespace dnnbench
