#include "traffic/rate_figures.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "core/statistics.h"
#include "traffic/p99_interval.h"

namespace dnnbench {
namespace {

template <typename Value>
std::vector<double> each(const std::vector<ServedRequest>& requests, Value value) {
  std::vector<double> values;
  values.reserve(requests.size());
  for (const ServedRequest& request : requests) values.push_back((request.*value)());
  return values;
}

double mean_square(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return sum / static_cast<double>(values.size());
}

void add_lateness(const std::vector<ServedRequest>& requests, RateFigures& figures) {
  std::vector<double> late;
  for (const ServedRequest& request : requests) late.push_back(request.late_s);
  figures.mean_late_s = mean(late);
  figures.most_late_s = max(late);
  figures.p99_late_s = late.size() < kMinSamplesForP99 ? figures.most_late_s : percentile(late, 99);
}

std::string why_late(const RateFigures& figures) {
  return fmt::format(
      "the generator itself was late, by {:.3g} ms on average (p99 {:.3g} ms), so these latencies "
      "are "
      "not the engine's; something else used its core",
      1e3 * figures.mean_late_s, 1e3 * figures.p99_late_s);
}

void judge(const std::vector<double>& latencies, double shortest_s, size_t unserved,
           RateFigures& figures) {
  if (unserved > 0 || figures.busy_share >= 1) {
    figures.verdict = RateVerdict::kOverloaded;
    figures.reason = fmt::format("it can't sustain {:.4g}/s: its maximum is about {:.3g}",
                                 figures.rate_per_s, figures.max_per_s());
    return;
  }
  const double tail_s = figures.p99_s.value_or(max(latencies));
  if (figures.mean_late_s > kMaxMeanLate * figures.mean_service_s ||
      figures.p99_late_s > kMaxP99Late * tail_s) {
    figures.verdict = RateVerdict::kLate;
    figures.reason = why_late(figures);
    return;
  }
  if (shortest_s < kMinRelaxations * figures.relaxation_s) {
    figures.verdict = RateVerdict::kUnsteady;
    figures.reason = fmt::format(
        "at {:.4g}/s it is busy for {:.0f} % of the time, and its queue changes so slowly "
        "that {:.3g} s are too short for its latency; give a lower rate or a longer --budget",
        figures.rate_per_s, 100 * figures.busy_share, shortest_s);
  }
}

}  // namespace

std::string_view to_string(RateVerdict verdict) {
  switch (verdict) {
    case RateVerdict::kCarried:
      return "carried";
    case RateVerdict::kOverloaded:
      return "overloaded";
    case RateVerdict::kUnsteady:
      return "unsteady";
    case RateVerdict::kLate:
      return "late";
    case RateVerdict::kDisturbed:
      break;
  }
  return "disturbed";
}

double relaxation_s(double rate_per_s, double mean_square_service_s2, double busy_share,
                    size_t servers) {
  if (busy_share >= 1) return std::numeric_limits<double>::infinity();
  const double free = static_cast<double>(servers) * (1 - busy_share);
  return 2 * rate_per_s * mean_square_service_s2 / (free * free);
}

RateFigures rate_figures(double rate_per_s, size_t servers,
                         const std::vector<ServedRequest>& requests, double shortest_s,
                         size_t unserved) {
  const std::vector<double> latencies = each(requests, &ServedRequest::latency_s);
  const std::vector<double> services = each(requests, &ServedRequest::service_s);
  RateFigures figures;
  figures.rate_per_s = rate_per_s;
  figures.servers = servers;
  figures.requests = requests.size();
  figures.mean_service_s = mean(services);
  figures.mean_wait_s = mean(each(requests, &ServedRequest::wait_s));
  figures.busy_share = rate_per_s * figures.mean_service_s / static_cast<double>(servers);
  if (latencies.size() >= kMinSamplesForP99) figures.p99_s = percentile(latencies, 99);
  figures.p99_interval_s = p99_interval(latencies);
  figures.relaxation_s =
      relaxation_s(rate_per_s, mean_square(services), figures.busy_share, servers);
  add_lateness(requests, figures);
  judge(latencies, shortest_s, unserved, figures);
  return figures;
}

}  // namespace dnnbench
