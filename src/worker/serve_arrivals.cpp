#include "worker/serve_arrivals.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "core/error.h"

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

void reserve(size_t count, Served& served) {
  for (auto* list : {&served.request, &served.begin_ns, &served.finish_ns, &served.late_ns}) {
    list->reserve(count);
  }
}

}  // namespace

Served serve_arrivals(Engine& engine, const Arrivals& arrivals) {
  prctl(PR_SET_TIMERSLACK, 1);  // nanoseconds; otherwise every sleep ends up to 50 us late
  Tickets tickets(arrivals.tickets_file);
  Served served;
  reserve(arrivals.arrival_ns.size(), served);
  const int64_t end_ns = arrivals.origin_ns + arrivals.end_ns;
  const ProcessCounters before = read_process_counters();
  int64_t spun_ns = 0, free_ns = arrivals.origin_ns;
  for (size_t i = tickets.take(); i < arrivals.arrival_ns.size() && free_ns < end_ns;
       i = tickets.take()) {
    const int64_t intended_ns = arrivals.origin_ns + arrivals.arrival_ns[i];
    spun_ns += wait_until(intended_ns);
    const int64_t begin_ns = now_ns();
    engine.run();
    const int64_t finish_ns = now_ns();
    served.request.push_back(static_cast<int64_t>(i));
    served.begin_ns.push_back(begin_ns);
    served.finish_ns.push_back(finish_ns);
    served.late_ns.push_back(begin_ns - std::max(intended_ns, free_ns));
    free_ns = finish_ns;
  }
  served.counted = since(before);
  served.counted.cpu_ns = std::max<int64_t>(0, served.counted.cpu_ns - spun_ns);
  return served;
}

}  // namespace dnnbench
