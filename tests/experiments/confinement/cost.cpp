// confinement-cost MODEL STARTS ENGINE...: what confinement (process/confinement.h) costs an
// engine. STARTS times a confined and an unconfined process of it are started, which one first in
// turns, and take turns for kBlocks blocks. Prints for each engine the ratio of the confined one's
// time to the other's: the median over starts and its 95 % interval; the same of two confined
// processes, which shows what the machine alone does; and on stderr every start's ratio.

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "../ranking/pair.h"
#include "core/statistics.h"
#include "process/confinement.h"
#include "process/work_folder.h"
#include "rank/median_interval.h"

using namespace dnnbench;

namespace {

constexpr size_t kBlocks = 12;

// Whether processes that are started from now on are confined.
bool& is_confined() {
  static bool confined = true;
  return confined;
}

// Of the times of the first to the second in clean blocks; the median of the logarithms.
double log_ratio(Side& first, Side& second) {
  const std::vector<double> logs = log_ratios(second, first, kBlocks);
  return logs.size() < kBlocks / 2 ? NAN : median(logs);
}

struct Runner {
  const Candidate candidate;
  const PreparedModel& prepared;
  const WorkFolder& work;
  Progress& progress;
  const RunOptions options = {};

  Side start(const std::string& name, bool confined) {
    is_confined() = confined;
    return Side(name, candidate, options, prepared, work, progress);
  }

  // Of a confined process to another.
  double start_pair(bool other_is_confined, bool is_other_first) {
    if (is_other_first) {
      Side other = start("other", other_is_confined);
      Side confined = start("confined", true);
      return log_ratio(confined, other);
    }
    Side confined = start("confined", true);
    Side other = start("other", other_is_confined);
    return log_ratio(confined, other);
  }
};

void print(const std::string& engine, const std::string& what, const std::vector<double>& logs) {
  if (logs.empty()) {
    fmt::print("{:<12} {}: every start was disturbed\n", engine, what);
    return;
  }
  const Interval interval = median_interval(logs, 0.05);
  fmt::print("{:<12} {}: {:.4f} [{:.4f}, {:.4f}], {} starts\n", engine, what,
             std::exp(median(logs)), std::exp(interval.low), std::exp(interval.high), logs.size());
  std::fflush(stdout);
}

void measure(const std::string& engine, int starts, Runner runner) {
  std::vector<double> unconfined, confined;
  for (int start = 0; start < starts; ++start) {
    for (const bool other_is_confined : {false, true}) {
      const double log = runner.start_pair(other_is_confined, start % 2 == 0);
      if (!std::isnan(log)) (other_is_confined ? confined : unconfined).push_back(log);
      fmt::print(stderr, "{:<12} confined / {} {:.4f}\n", engine,
                 other_is_confined ? "confined" : "unconfined", std::exp(log));
    }
  }
  print(engine, "confined / unconfined", unconfined);
  print(engine, "confined / confined", confined);
}

void run(const std::string& model, int starts, const std::vector<std::string>& engines) {
  const WorkFolder work;
  NoProgress progress;
  const PreparedModel prepared =
      prepare_model({}, read_model(model), std::nullopt, 2, work, progress);
  for (const std::string& engine : engines) {
    measure(engine, starts, {candidate_of(engine), prepared, work, progress});
  }
}

}  // namespace

extern "C" {

void __real__ZNK8dnnbench11Confinement5enterEv(const Confinement* confinement);

void __wrap__ZNK8dnnbench11Confinement5enterEv(const Confinement* confinement) {
  if (is_confined()) __real__ZNK8dnnbench11Confinement5enterEv(confinement);
}

}  // extern "C"

int main(int argc, char** argv) {
  if (argc < 4) {
    fmt::print(stderr, "Usage: confinement-cost MODEL STARTS ENGINE...\n");
    return 2;
  }
  return exit_code_of([&] { run(argv[1], std::atoi(argv[2]), {argv + 3, argv + argc}); });
}
