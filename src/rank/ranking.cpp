#include "rank/ranking.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

#include "core/statistics.h"

namespace dnnbench {
namespace {

std::vector<double> log_ratios(const std::vector<double>& a, const std::vector<double>& b) {
  assert(a.size() == b.size());
  std::vector<double> logs;
  for (size_t block = 0; block < a.size(); ++block) {
    if (!std::isnan(a[block]) && !std::isnan(b[block]))
      logs.push_back(std::log(a[block] / b[block]));
  }
  return logs;
}

Ratio ratio_from_logs(double log_value, const Interval& logs) {
  const Interval interval{std::exp(logs.low), std::exp(logs.high)};
  return {std::exp(log_value), interval, relation_of(interval)};
}

// By the mean of the logarithms against all others: medians of ratios need not be transitive.
std::vector<size_t> fastest_first(const BlockTable& table, std::optional<size_t> anchor) {
  std::vector<double> score(table.size(), 0);
  for (size_t a = 0; a < table.size(); ++a) {
    for (size_t b = 0; b < table.size(); ++b) {
      if (a != b) score[a] += std::log(ratio_of(table, a, b, 0.5, anchor).value);
    }
  }
  std::vector<size_t> order(table.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return score[a] < score[b]; });
  return order;
}

bool all_decided(const BlockTable& table, double alpha, std::optional<size_t> anchor) {
  for (size_t a = 0; a < table.size(); ++a) {
    for (size_t b = 0; b < a; ++b) {
      if (ratio_of(table, a, b, alpha, anchor).relation == Relation::kUndecided) return false;
    }
  }
  return true;
}

// The greatest confidence at which every pair is decided, by halving intervals of log10(alpha).
double probability_of_order(const BlockTable& table, std::optional<size_t> anchor) {
  const auto decided = [&](double exponent) {
    return all_decided(table, alpha_of_pair(table.size(), 1 - std::pow(10, exponent)), anchor);
  };
  double undecided_at = -12, decided_at = -1e-9;
  if (!decided(decided_at)) return 0;
  if (decided(undecided_at)) return 1 - std::pow(10, undecided_at);
  for (int step = 0; step < 24; ++step) {
    const double middle = (undecided_at + decided_at) / 2;
    (decided(middle) ? decided_at : undecided_at) = middle;
  }
  return 1 - std::pow(10, decided_at);
}

}  // namespace

Relation relation_of(const Interval& ratio) {
  if (ratio.is_within(1 / (1 + kTie), 1 + kTie)) return Relation::kTie;
  if (ratio.high < 1 / (1 + kTie)) return Relation::kFaster;
  return ratio.low > 1 + kTie ? Relation::kSlower : Relation::kUndecided;
}

Ratio ratio_of(const BlockTable& table, size_t a, size_t b, double alpha,
               std::optional<size_t> anchor) {
  const std::vector<double> logs = log_ratios(table[a], table[b]);
  if (!logs.empty()) return ratio_from_logs(median(logs), median_interval(logs, alpha));
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

Ranking rank(const BlockTable& table, double confidence, std::optional<size_t> anchor) {
  assert(!table.empty());
  const double alpha = alpha_of_pair(table.size(), confidence);
  Ranking ranking;
  ranking.order = fastest_first(table, anchor);
  ranking.engines.resize(table.size());
  const size_t best = ranking.order.front();
  for (size_t a = 0; a < table.size(); ++a) {
    if (a != best) ranking.engines[a].to_best = ratio_of(table, a, best, alpha, anchor);
    for (size_t b = 0; b < table.size(); ++b) {
      const bool slower =
          a != b && ratio_of(table, a, b, alpha, anchor).relation == Relation::kSlower;
      ranking.engines[a].place += slower ? 1 : 0;
    }
  }
  ranking.decided = all_decided(table, alpha, anchor);
  ranking.probability = probability_of_order(table, anchor);
  return ranking;
}

std::vector<Certainty> certainty(const BlockTable& table, double alpha, double precision,
                                 bool until_precise) {
  const auto is_precise = [&](const Interval& interval) {
    return interval.high / interval.low <= 1 + precision;
  };
  if (table.size() == 1) {
    return {is_precise(latency_interval_s(table[0], alpha)) ? Certainty::kPrecise
                                                            : Certainty::kOpen};
  }
  std::vector<Certainty> known(table.size(), Certainty::kDecided);
  for (size_t a = 0; a < table.size(); ++a) {
    for (size_t b = 0; b < a; ++b) {
      const Ratio ratio = ratio_of(table, a, b, alpha);
      if (ratio.relation != Relation::kUndecided && !until_precise) continue;
      const Certainty pair = is_precise(ratio.interval) ? Certainty::kPrecise : Certainty::kOpen;
      known[a] = std::min(known[a], pair);
      known[b] = std::min(known[b], pair);
    }
  }
  return known;
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
