#include "measure/selftest.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <memory>

#include "core/statistics.h"
#include "machine/disturbance.h"
#include "machine/read_environment.h"
#include "measure/process_engine.h"

namespace dnnbench {
namespace {

constexpr int kTurns = 3;  // per cycle and way
constexpr double kAlpha = 0.05;

// Times of one way, and whether nothing disturbed them.
struct Times {
  std::vector<double> duration_s;
  bool clean = true;

  void add(const LatencyTurn& turn) {
    duration_s.insert(duration_s.end(), turn.duration_s.begin(), turn.duration_s.end());
    clean = clean && !turn.is_disturbed();
  }
};

Times in_turns(MeasuredEngine& engine, MeasuredEngine& other) {
  Times times;
  for (int turn = 0; turn < kTurns; ++turn) {
    other.take_turn(0, std::nullopt);
    other.pause();
    times.add(engine.take_turn(0, std::nullopt));
    engine.pause();
  }
  return times;
}

// The first turn comes after a stop as well, and is not kept.
Times alone(MeasuredEngine& engine) {
  Times times;
  engine.take_turn(0, std::nullopt);
  for (int turn = 0; turn < kTurns; ++turn) times.add(engine.take_turn(0, std::nullopt));
  engine.pause();
  return times;
}

// Logarithms of the clean cycles' ratios, and the medians alone.
struct Cycles {
  std::vector<double> log_ratio, alone_s;
  int count = 0;

  void add(const Times& turns, const Times& by_itself) {
    ++count;
    if (!turns.clean || !by_itself.clean) return;
    alone_s.push_back(median(by_itself.duration_s));
    log_ratio.push_back(std::log(median(turns.duration_s) / alone_s.back()));
  }
};

Agreement agreement_of(const Interval& log_ratio) {
  const double limit = std::log(1 + kSelftestLimit);
  if (log_ratio.is_within(-limit, limit)) return Agreement::kAgrees;
  const bool outside = log_ratio.low > limit || log_ratio.high < -limit;
  return outside ? Agreement::kDiffers : Agreement::kUnknown;
}

SelftestRow row_of(const Cycles& cycles) {
  SelftestRow row;
  row.cycles = cycles.count;
  row.disturbed = cycles.count - static_cast<int>(cycles.log_ratio.size());
  if (is_mostly_disturbed(row.disturbed, row.cycles)) {
    row.agreement = Agreement::kBusy;
    return row;
  }
  const Interval interval = median_interval(cycles.log_ratio, kAlpha);
  row.alone_s = median(cycles.alone_s);
  row.ratio = std::exp(median(cycles.log_ratio));
  row.interval = {std::exp(interval.low), std::exp(interval.high)};
  row.agreement = agreement_of(interval);
  return row;
}

}  // namespace

SelftestRow compare_with_alone(MeasuredEngine& engine, MeasuredEngine& other, double budget_s,
                               const Surroundings& surroundings) {
  Cycles cycles;
  SelftestRow row;
  const double end_s = surroundings.now_s() + budget_s;
  do {
    std::array<Times, 2> times;
    for (const int way : {cycles.count % 2, 1 - cycles.count % 2}) {
      times[way] = way == 0 ? in_turns(engine, other) : alone(engine);
    }
    cycles.add(times[0], times[1]);
    row = row_of(cycles);
  } while (surroundings.now_s() < end_s &&
           (row.agreement == Agreement::kUnknown || row.agreement == Agreement::kBusy));
  return row;
}

std::vector<SelftestRow> selftest(const RunOptions& options, Progress& progress) {
  const std::vector<Candidate>& candidates = options.comparisons.at(0);
  const std::vector<std::string> labels = labels_of(candidates);
  const WorkFolder work;
  const int cores = default_threads(read_environment());
  const PreparedModel prepared = prepare_model(options, read_model(candidates[0].model_path),
                                               std::nullopt, cores, work, progress);
  std::vector<std::unique_ptr<MeasuredEngine>> engines;
  for (size_t i = 0; i < candidates.size(); ++i) {
    EngineSetup setup{candidates[i], cores, labels[i], fmt::format("{}/{}.log", work.path(), i),
                      ""};
    engines.push_back(
        std::make_unique<ProcessEngine>(options, prepared, std::move(setup), work, progress));
    engines.back()->prepare();
    engines.back()->pause();
  }
  std::vector<SelftestRow> rows;
  for (size_t i = 0; i < engines.size(); ++i) {
    const size_t next = (i + 1) % engines.size();
    progress.step(labels[i], "measuring in turns and alone", std::nullopt);
    SelftestRow row = compare_with_alone(*engines[i], *engines[next], options.budget_s, {});
    row.label = labels[i];
    row.other = labels[next];
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace dnnbench
