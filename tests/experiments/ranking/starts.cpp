// ranking-starts MODEL STARTS ENGINE...: how much the speed of an engine differs from start to
// start. One process of it stays, as the measure; others are started one after the other, and each
// takes turns with it, kBlocks blocks. Prints for each engine the ratios of the others to the
// first: their median, the middle half's and the whole range, and how far blocks of one start lie
// apart (half of the middle half), in percent; how long a start takes until it is warm; and on
// stderr every start's ratio.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/statistics.h"
#include "pair.h"
#include "process/work_folder.h"

using namespace dnnbench;

namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kBlocks = 6;

double at(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(share * static_cast<double>(values.size() - 1) + 0.5)];
}

void measure(const std::string& engine, int starts, const PreparedModel& prepared,
             const WorkFolder& work, Progress& progress) {
  const RunOptions options;
  const Candidate candidate = candidate_of(engine);
  Side first("first", candidate, options, prepared, work, progress);
  std::vector<double> of_start, within, start_s;
  for (int start = 0; start < starts; ++start) {
    const auto began = Clock::now();
    Side other("other", candidate, options, prepared, work, progress);
    start_s.push_back(std::chrono::duration<double>(Clock::now() - began).count());
    const std::vector<double> logs = log_ratios(first, other, kBlocks);
    if (logs.size() < kBlocks / 2) continue;
    of_start.push_back(median(logs));
    within.push_back((at(logs, 0.75) - at(logs, 0.25)) / 2);
    fmt::print(stderr, "{:<12} {:.4f}  blocks apart {:.2f} %\n", engine, std::exp(of_start.back()),
               100 * within.back());
  }
  if (of_start.empty()) {
    fmt::print("{:<12} every start was disturbed\n", engine);
    return;
  }
  const auto ratio = [&](double share) { return std::exp(at(of_start, share)); };
  fmt::print(
      "{:<12} {} starts: ratio to the first {:.4f}, half of them in [{:.4f}, {:.4f}], all in "
      "[{:.4f}, {:.4f}]; blocks of a start apart {:.2f} %; a start takes {:.2f} s\n",
      engine, of_start.size(), ratio(0.5), ratio(0.25), ratio(0.75), ratio(0), ratio(1),
      100 * median(within), median(start_s));
  std::fflush(stdout);
}

void run(const std::string& model, int starts, const std::vector<std::string>& engines) {
  const WorkFolder work;
  NoProgress progress;
  const PreparedModel prepared =
      prepare_model({}, read_model(model), std::nullopt, 2, work, progress);
  for (const std::string& engine : engines) measure(engine, starts, prepared, work, progress);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    fmt::print(stderr, "Usage: ranking-starts MODEL STARTS ENGINE...\n");
    return 2;
  }
  return exit_code_of([&] { run(argv[1], std::atoi(argv[2]), {argv + 3, argv + argc}); });
}
