#include "results/throughput_result.h"

#include <cmath>

#include "results/or_null.h"

namespace dnnbench {
namespace {

using nlohmann::ordered_json;

ordered_json positive(double value) { return value > 0 ? ordered_json(value) : ordered_json(); }

const char* relation_of(const Ratio& speed) {
  switch (speed.relation) {
    case Relation::kFaster:
      return "faster";
    case Relation::kSlower:
      return "slower";
    case Relation::kTie:
      return "tie";
    case Relation::kUndecided:
      break;
  }
  return "undecided";
}

ordered_json interval_of(const Ratio& speed) {
  if (!(speed.interval.low > 0) || !std::isfinite(speed.interval.high)) return nullptr;
  return {speed.interval.low, speed.interval.high};
}

ordered_json json_of(const TriedSetting& setting) {
  const bool compared = setting.against.has_value();
  return {{"streams", setting.streams},
          {"threads", setting.threads},
          {"batch", or_null(setting.batch)},
          {"per_s", positive(setting.per_s)},
          {"least_per_s", or_null(setting.least_per_s)},
          {"greatest_per_s", or_null(setting.greatest_per_s)},
          {"p99_s", positive(setting.p99_s)},
          {"peak_rss_bytes", setting.peak_rss_bytes},
          {"process_cores", or_null(setting.process_cores)},
          {"reason", setting.reason},
          {"against", or_null(setting.against)},
          {"relation", compared ? ordered_json(relation_of(setting.speed)) : ordered_json()},
          {"speed", compared ? positive(setting.speed.value) : ordered_json()},
          {"speed_interval", compared ? interval_of(setting.speed) : ordered_json()}};
}

}  // namespace

ordered_json to_json(const ThroughputResult& throughput) {
  ordered_json tried = ordered_json::array();
  for (const TriedSetting& setting : throughput.tried) tried.push_back(json_of(setting));
  return {{"settings", throughput.settings},
          {"slo_p99_s", or_null(throughput.slo_p99_s)},
          {"chosen", throughput.chosen},
          {"complete", throughput.complete},
          {"tried", tried}};
}

}  // namespace dnnbench
