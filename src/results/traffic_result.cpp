#include "results/traffic_result.h"

#include <fmt/format.h>

#include <cmath>

#include "core/statistics.h"
#include "results/or_null.h"
#include "results/units.h"
#include "traffic/rate_search.h"

namespace dnnbench {
namespace {

using nlohmann::ordered_json;

ordered_json json_of(const RateFigures& figures) {
  const Interval& p99 = figures.p99_interval_s;
  return {{"rate_per_s", figures.rate_per_s},
          {"verdict", to_string(figures.verdict)},
          {"reason", figures.reason},
          {"requests", figures.requests},
          {"busy_share", figures.busy_share},
          {"mean_service_s", figures.mean_service_s},
          {"mean_wait_s", figures.mean_wait_s},
          {"p99_s", finite_or_null(figures.p99_s)},
          {"p99_at_least_s", figures.p99_s ? finite_or_null(p99.low) : ordered_json()},
          {"p99_at_most_s", figures.p99_s ? finite_or_null(p99.high) : ordered_json()},
          {"relaxation_s", finite_or_null(figures.relaxation_s)},
          {"mean_late_s", figures.mean_late_s},
          {"p99_late_s", figures.p99_late_s},
          {"most_late_s", figures.most_late_s}};
}

// Lead-ins and disturbed turns took part of the budget, so more than what is missing is needed.
std::string too_few(const RateFigures& figures) {
  constexpr double kMore = 1.2;
  return fmt::format(
      "{} requests are too few for a 99th percentile, which needs {}: about {:.0f} times the "
      "--budget (or --repeat) would do",
      figures.requests, kMinSamplesForP99,
      std::ceil(kMore * static_cast<double>(kMinSamplesForP99) /
                static_cast<double>(figures.requests)));
}

}  // namespace

std::optional<double> carried_per_s(const TrafficResult& traffic) {
  const RateFigures& figures = traffic.figures();
  const bool carried = traffic.slo_p99_s ? meets(figures, *traffic.slo_p99_s)
                                         : figures.verdict == RateVerdict::kCarried;
  return carried ? std::optional(figures.rate_per_s) : std::nullopt;
}

std::string why_not_carried(const TrafficResult& traffic) {
  const RateFigures& figures = traffic.figures();
  if (!figures.reason.empty()) return figures.reason;
  if (!figures.p99_s) return too_few(figures);
  if (carried_per_s(traffic)) return "";
  return fmt::format("no rate tried has a 99th percentile within {}: at {}/s it is {}",
                     format_seconds(*traffic.slo_p99_s), format_rate(figures.rate_per_s),
                     format_seconds(*figures.p99_s));
}

ordered_json to_json(const TrafficResult& traffic, const std::string& settings) {
  ordered_json rates = ordered_json::array();
  for (const RateFigures& figures : traffic.rates) rates.push_back(json_of(figures));
  return {{"settings", settings},
          {"rate_per_s", finite_or_null(traffic.rate_per_s)},
          {"slo_p99_s", finite_or_null(traffic.slo_p99_s)},
          {"carried_per_s", finite_or_null(carried_per_s(traffic))},
          {"reason", why_not_carried(traffic)},
          {"surely_carried_per_s", traffic.slo_p99_s && traffic.at_least_per_s > 0
                                       ? ordered_json(traffic.at_least_per_s)
                                       : ordered_json()},
          {"surely_not_per_s", finite_or_null(traffic.below_per_s)},
          {"chosen", traffic.chosen},
          {"rates", rates},
          {"begin_s", traffic.begin_s}};
}

}  // namespace dnnbench
