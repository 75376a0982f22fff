#include "rank/ranking.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <iterator>
#include <numeric>
#include <tuple>

#include "core/statistics.h"
#include "rank/unimodal_interval.h"

namespace dnnbench {
namespace {

// How many processes these are, which follow each other.
size_t count_processes(std::vector<size_t> processes) {
  const auto end = std::unique(processes.begin(), processes.end());
  return static_cast<size_t>(std::distance(processes.begin(), end));
}

// Of the blocks that two engines have in common.
struct CommonBlocks {
  std::vector<double> logs;  // of their ratio
  size_t starts = 0;         // of the engine that has fewer processes in them
};

CommonBlocks common_blocks(const BlockTable& table, size_t a, size_t b) {
  assert(table.latency_s[a].size() == table.latency_s[b].size());
  CommonBlocks both;
  std::vector<size_t> processes_a, processes_b;
  for (size_t block = 0; block < table.latency_s[a].size(); ++block) {
    const double ratio = table.latency_s[a][block] / table.latency_s[b][block];
    if (std::isnan(ratio)) continue;
    both.logs.push_back(std::log(ratio));
    if (table.process.empty()) continue;
    processes_a.push_back(table.process[a][block]);
    processes_b.push_back(table.process[b][block]);
  }
  both.starts = std::min(count_processes(processes_a), count_processes(processes_b));
  return both;
}

Ratio ratio_from_logs(double log_value, const Interval& logs) {
  const Interval interval{std::exp(logs.low), std::exp(logs.high)};
  return {std::exp(log_value), interval, relation_of(interval)};
}

// What one engine's processes differ by, nearly always, for as long as they live: measured by
// tests/experiments/ranking/starts.cpp, and what each margin does by simulate.cpp. That most of
// several processes are off to the same side is rare, but one that has most of the blocks stands
// for itself.
struct StartMargin {
  size_t min_starts = 0;
  double max_blocks_per_start = 0;
  double share = 0;
};
constexpr size_t kEnoughStarts = 7;  // with which blocks show the difference themselves
constexpr std::array<StartMargin, 3> kStartMargins{
    {{kEnoughStarts, 2.5, 0}, {6, 4, 0.01}, {3, 5, 0.03}}};
constexpr double kBetweenStarts = 0.10;  // otherwise
constexpr double kMinMarginOfFar = 0.03;
// From here on distances are looked at, and other starts don't matter.
constexpr double kFar = 1.15;

// Of logarithms.
double start_margin(size_t starts, size_t blocks) {
  const auto found =
      std::find_if(kStartMargins.begin(), kStartMargins.end(), [&](const StartMargin& margin) {
        return starts >= margin.min_starts &&
               static_cast<double>(blocks) <=
                   margin.max_blocks_per_start * static_cast<double>(starts);
      });
  return std::log1p(found == kStartMargins.end() ? kBetweenStarts : found->share);
}

Interval widened(const Interval& interval, double margin) {
  return {interval.low - margin, interval.high + margin};
}

// Where both hold, so does what they have in common. Both would have to be doubted if that were
// nothing.
Interval common(const Interval& a, const Interval& b) {
  const Interval both{std::max(a.low, b.low), std::min(a.high, b.high)};
  return both.low <= both.high ? both : Interval{std::min(a.low, b.low), std::max(a.high, b.high)};
}

// Of engines that have so many processes in these blocks, each. Signs decide what is near;
// distances what is far, where the little that they assume of the processes can do no harm.
Interval interval_of_engines(const std::vector<double>& logs, double alpha, size_t starts) {
  constexpr double kShareOfSigns = 0.8;
  const double margin = start_margin(starts, logs.size());
  const Interval near = widened(median_interval(logs, kShareOfSigns * alpha), margin);
  if (std::fabs(median(logs)) < std::log(kFar)) return near;
  const Interval far = widened(unimodal_interval(logs, (1 - kShareOfSigns) * alpha),
                               std::max(margin, std::log1p(kMinMarginOfFar)));
  return common(near, far);
}

Ratio inverse(const Ratio& ratio) {
  const Interval interval{1 / ratio.interval.high, 1 / ratio.interval.low};
  return {1 / ratio.value, interval, relation_of(interval)};
}

// All pairs' ratios at one error probability.
class Pairs {
 public:
  Pairs(const BlockTable& table, double alpha, Order order, std::optional<size_t> anchor)
      : order_(order), ratios_(table.size(), std::vector<Ratio>(table.size())) {
    for (size_t a = 0; a < size(); ++a) {
      for (size_t b = 0; b < a; ++b) {
        ratios_[a][b] = ratio_of(table, a, b, alpha, anchor);
        ratios_[b][a] = inverse(ratios_[a][b]);
      }
    }
  }

  size_t size() const { return ratios_.size(); }
  const Ratio& of(size_t a, size_t b) const { return ratios_[a][b]; }

  size_t known_faster(size_t a) const {
    return static_cast<size_t>(
        std::count_if(ratios_[a].begin(), ratios_[a].end(),
                      [](const Ratio& ratio) { return ratio.relation == Relation::kSlower; }));
  }

  bool is_asked_for(size_t a, size_t b) const {
    return a != b && (order_ == Order::kAll || known_faster(a) == 0 || known_faster(b) == 0);
  }

  // Whether this is true of every pair that is asked for.
  template <typename Predicate>
  bool all_of_asked(Predicate predicate) const {
    for (size_t a = 0; a < size(); ++a) {
      for (size_t b = 0; b < a; ++b) {
        if (is_asked_for(a, b) && !predicate(of(a, b))) return false;
      }
    }
    return true;
  }

 private:
  Order order_;
  std::vector<std::vector<Ratio>> ratios_;
};

bool is_decided(const Ratio& ratio) { return ratio.relation != Relation::kUndecided; }

// Medians of ratios need not be transitive: what loses to nobody comes first, so that no ratio to
// it is below 1, and the mean of the logarithms against all others decides where everybody loses.
std::vector<size_t> fastest_first(const Pairs& pairs) {
  struct Place {
    size_t known_faster = 0;
    size_t faster = 0;  // by estimate
    double mean_log = 0;
  };
  std::vector<Place> places(pairs.size());
  for (size_t a = 0; a < pairs.size(); ++a) {
    places[a].known_faster = pairs.known_faster(a);
    for (size_t b = 0; b < pairs.size(); ++b) {
      const double ratio = pairs.of(a, b).value;
      if (ratio > 1) ++places[a].faster;
      places[a].mean_log += std::log(ratio) / static_cast<double>(pairs.size());
    }
  }
  std::vector<size_t> order(pairs.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const Place &one = places[a], &other = places[b];
    return std::tie(one.known_faster, one.faster, one.mean_log) <
           std::tie(other.known_faster, other.faster, other.mean_log);
  });
  return order;
}

// The highest confidence at which every pair asked for is decided or known well enough, by halving
// intervals of log10(alpha).
double max_confidence(const BlockTable& table, const Goal& goal, std::optional<size_t> anchor) {
  const auto is_known = [&](double exponent) {
    const double alpha = alpha_of_pair(table.size(), 1 - std::pow(10, exponent));
    return Pairs(table, alpha, goal.order, anchor).all_of_asked([&](const Ratio& ratio) {
      return is_decided(ratio) || is_precise(ratio.interval, goal.precision);
    });
  };
  double open_at = -12, known_at = -1e-9;
  if (!is_known(known_at)) return 0;
  if (is_known(open_at)) return 1 - std::pow(10, open_at);
  for (int step = 0; step < 16; ++step) {
    const double middle = (open_at + known_at) / 2;
    (is_known(middle) ? known_at : open_at) = middle;
  }
  return 1 - std::pow(10, known_at);
}

}  // namespace

Relation relation_of(const Interval& ratio) {
  if (ratio.is_within(1 / (1 + kTie), 1 + kTie)) return Relation::kTie;
  if (ratio.high < 1 / (1 + kTie)) return Relation::kFaster;
  return ratio.low > 1 + kTie ? Relation::kSlower : Relation::kUndecided;
}

Ratio ratio_of(const BlockTable& table, size_t a, size_t b, double alpha,
               std::optional<size_t> anchor) {
  const CommonBlocks both = common_blocks(table, a, b);
  if (!both.logs.empty()) {
    return ratio_from_logs(median(both.logs),
                           table.process.empty()
                               ? median_interval(both.logs, alpha)
                               : interval_of_engines(both.logs, alpha, both.starts));
  }
  if (!anchor || *anchor == a || *anchor == b)
    return ratio_from_logs(0, median_interval({}, alpha));
  const Ratio up = ratio_of(table, a, *anchor, alpha / 2);
  const Ratio down = ratio_of(table, *anchor, b, alpha / 2);
  return ratio_from_logs(std::log(up.value * down.value),
                         {std::log(up.interval.low * down.interval.low),
                          std::log(up.interval.high * down.interval.high)});
}

double alpha_of_pair(size_t engines, double confidence) {
  const size_t pairs = std::max<size_t>(1, engines * (engines - 1) / 2);
  return (1 - confidence) / static_cast<double>(pairs);
}

bool is_precise(const Interval& ratio, double precision) {
  return ratio.is_within(1 / (1 + precision), 1 + precision) ||
         ratio.high / ratio.low <= 1 + precision;
}

Ranking rank(const BlockTable& table, const Goal& goal, std::optional<size_t> anchor) {
  assert(table.size() > 0);
  const Pairs pairs(table, alpha_of_pair(table.size(), goal.confidence), goal.order, anchor);
  Ranking ranking;
  ranking.order = fastest_first(pairs);
  ranking.engines.resize(table.size());
  const size_t best = ranking.order.front();
  for (size_t a = 0; a < table.size(); ++a) {
    if (a != best) ranking.engines[a].to_best = pairs.of(a, best);
    ranking.engines[a].place += pairs.known_faster(a);
  }
  ranking.decided = pairs.all_of_asked(is_decided);
  ranking.probability = max_confidence(table, goal, anchor);
  return ranking;
}

bool is_restart_due(const Process& process) {
  constexpr int64_t kBlocks = 2, kBlocksOfFar = 8;
  if (process.is_short) return process.blocks >= (process.starts < kEnoughStarts ? 1 : kBlocks);
  return process.blocks >= (process.starts_matter ? kBlocks : kBlocksOfFar);
}

std::vector<RemainingWork> remaining_work(const BlockTable& table, double alpha, const Goal& goal) {
  if (table.size() == 1) {
    const Interval interval = latency_interval_s(table.latency_s[0], alpha);
    const bool near = interval.high / interval.low <= 1 + goal.precision;
    return {{near ? Certainty::kPrecise : Certainty::kOpen, true}};
  }
  const Pairs pairs(table, alpha, goal.order, std::nullopt);
  std::vector<RemainingWork> all(table.size());
  for (size_t a = 0; a < table.size(); ++a) {
    for (size_t b = 0; b < table.size(); ++b) {
      const Ratio& ratio = pairs.of(a, b);
      if (!pairs.is_asked_for(a, b) || (is_decided(ratio) && !goal.until_precise)) continue;
      const bool known = is_precise(ratio.interval, goal.precision);
      RemainingWork& own = all[a];
      own.certainty = std::min(own.certainty, known ? Certainty::kPrecise : Certainty::kOpen);
      if (!known && ratio.value > 1 / kFar && ratio.value < kFar) own.starts_matter = true;
    }
  }
  return all;
}

Interval latency_interval_s(const std::vector<double>& blocks, double alpha) {
  std::vector<double> logs;
  for (const double latency_s : blocks) {
    if (!std::isnan(latency_s)) logs.push_back(std::log(latency_s));
  }
  const Interval interval = median_interval(logs, alpha);
  return {std::exp(interval.low), std::exp(interval.high)};
}

}  // namespace dnnbench
