#include "measure/throughput_windows.h"

#include "core/mean_interval.h"
#include "core/statistics.h"
#include "measure/turn_rules.h"

namespace dnnbench {

std::vector<ThroughputWindow> counted_windows(const std::vector<ThroughputWindow>& windows) {
  return undisturbed_or_all(
      windows, [](const ThroughputWindow& window) { return window.turn.is_disturbed(); });
}

void set_figures(const std::vector<ThroughputWindow>& windows, TriedSetting& setting) {
  std::vector<double> rates_per_s, times_s;
  for (const ThroughputWindow& window : counted_windows(windows)) {
    rates_per_s.push_back(window.items_per_s);
    for (const StreamTimes& stream : window.turn.streams) {
      times_s.insert(times_s.end(), stream.duration_s.begin(), stream.duration_s.end());
    }
  }
  const double centre = mean(rates_per_s);
  setting.per_s = centre;
  setting.least_per_s.reset();  // of an earlier comparison
  setting.greatest_per_s.reset();
  const double half_width = mean_interval_half_width(rates_per_s).value_or(centre);
  if (half_width < centre) {
    setting.least_per_s = centre - half_width;
    setting.greatest_per_s = centre + half_width;
  }
  setting.p99_s = times_s.size() < kMinSamplesForP99 ? max(times_s) : percentile(times_s, 99);
}

}  // namespace dnnbench
