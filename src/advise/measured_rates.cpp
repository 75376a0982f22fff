#include "advise/measured_rates.h"

#include <cmath>
#include <map>

namespace dnnbench {
namespace {

bool is_usable(const StoredResult& result, const std::set<std::string>& shapes) {
  return result.mode == "load" && result.outcome.ok() && !result.suspect &&
         result.verdict != Verdict::kWrong && shapes.count(result.input_shapes) > 0 &&
         !result.traffic_rates.empty();
}

// Whether rates of the two belong together: of one library, file, and number of threads and cores.
bool are_measured_alike(const StoredResult& a, const StoredResult& b) {
  for (const char* name : {"engine_version", "model_sha256", "threads",
                           "environment.affinity_cores", "environment.cgroup_cpu_quota"}) {
    if (condition(a, name) != condition(b, name)) return false;
  }
  return true;
}

std::vector<MeasuredRate> in_order(const std::map<double, double>& p99_s) {
  std::vector<MeasuredRate> rates;
  for (const auto& [rate_per_s, rate_p99_s] : p99_s) rates.push_back({rate_per_s, rate_p99_s});
  return rates;
}

}  // namespace

// Of one rate the newest measurement counts. A search hardly tries a rate again, so that an
// overload is also outdated where a newer result sustained more.
std::vector<MeasuredRate> measured_rates(const std::vector<const StoredResult*>& results,
                                         const std::set<std::string>& shapes) {
  std::vector<const StoredResult*> usable;
  for (const StoredResult* result : results) {
    if (is_usable(*result, shapes)) usable.push_back(result);
  }
  std::map<double, double> p99_s;
  for (const StoredResult* result : usable) {
    if (!are_measured_alike(*result, *usable.back())) continue;
    std::map<double, double> own;
    for (const StoredRate& rate : result->traffic_rates) own[rate.rate_per_s] = rate.p99_s;
    std::erase_if(p99_s, [sustained_per_s = carried_per_s(in_order(own))](const auto& older) {
      return std::isinf(older.second) && older.first <= sustained_per_s;
    });
    own.merge(p99_s);
    p99_s = std::move(own);
  }
  return in_order(p99_s);
}

}  // namespace dnnbench
