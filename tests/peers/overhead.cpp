// What the worker's timed loop costs by itself: run_slice on an engine that does nothing.
// "inside" is what a measured time holds beyond the inference, "outside" what passes between the
// end of one measured time and the start of the next.
#include <algorithm>
#include <cstdio>
#include <vector>

#include "worker/serve.h"

namespace dnnbench {
namespace {

constexpr int64_t kExperiments = 1'000'000;

class EmptyEngine : public Engine {
 public:
  std::string version() override { return "1"; }
  LoadTimes load(const LoadConfig&) override { return {}; }
  InForce in_force() override { return {}; }
  void set_inputs(const std::vector<Value>&) override {}
  void run() override {}
  std::vector<Value> outputs() override { return {}; }
};

void print_nanoseconds(const char* what, std::vector<double> times_s) {
  std::sort(times_s.begin(), times_s.end());
  const auto at = [&](double share) {
    return 1e9 * times_s[static_cast<size_t>(share * static_cast<double>(times_s.size() - 1))];
  };
  std::printf("%-8s median %.0f ns, p99 %.0f ns\n", what, at(0.5), at(0.99));
}

}  // namespace

std::unique_ptr<Engine> make_engine() { return std::make_unique<EmptyEngine>(); }

}  // namespace dnnbench

int main() {
  const auto engine = dnnbench::make_engine();
  const dnnbench::TimedSlice slice =
      dnnbench::run_slice(*engine, {dnnbench::kExperiments, /*number=*/1, /*max_s=*/60});
  std::vector<double> outside_s;
  for (size_t i = 1; i < slice.start_s.size(); ++i) {
    outside_s.push_back(slice.start_s[i] - slice.start_s[i - 1] - slice.duration_s[i - 1]);
  }
  dnnbench::print_nanoseconds("inside", slice.duration_s);
  dnnbench::print_nanoseconds("outside", outside_s);
}
