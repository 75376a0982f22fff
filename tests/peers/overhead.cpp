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
  void load(const LoadConfig&) override {}
  InForce in_force() override { return {}; }
  void set_inputs(const std::vector<Value>&) override {}
  void run() override {}
  std::vector<Value> outputs() override { return {}; }
};

void print_nanoseconds(const char* what, std::vector<int64_t> times_ns) {
  std::sort(times_ns.begin(), times_ns.end());
  const auto at = [&](double share) {
    return static_cast<long long>(times_ns[static_cast<size_t>(share * (times_ns.size() - 1))]);
  };
  std::printf("%-8s median %lld ns, p99 %lld ns\n", what, at(0.5), at(0.99));
}

}  // namespace

std::unique_ptr<Engine> make_engine() { return std::make_unique<EmptyEngine>(); }

}  // namespace dnnbench

int main() {
  const auto engine = dnnbench::make_engine();
  const dnnbench::Slice slice =
      dnnbench::run_slice(*engine, {dnnbench::kExperiments, /*number=*/1, /*max_s=*/60});
  std::vector<int64_t> outside_ns;
  for (size_t i = 1; i < slice.start_ns.size(); ++i) {
    outside_ns.push_back(slice.start_ns[i] - slice.start_ns[i - 1] - slice.duration_ns[i - 1]);
  }
  dnnbench::print_nanoseconds("inside", slice.duration_ns);
  dnnbench::print_nanoseconds("outside", outside_ns);
}
