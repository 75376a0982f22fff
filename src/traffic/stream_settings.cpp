#include "traffic/stream_settings.h"

#include <algorithm>

namespace dnnbench {
namespace {

double end_of(const StreamTimes& times) { return times.start_s.back() + times.duration_s.back(); }

void add_once(std::vector<StreamSetting>& settings, const StreamSetting& setting) {
  if (std::find(settings.begin(), settings.end(), setting) == settings.end()) {
    settings.push_back(setting);
  }
}

}  // namespace

std::vector<StreamSetting> stream_settings(int cores, const std::vector<int>& threads,
                                           int streams) {
  std::vector<StreamSetting> settings;
  if (!threads.empty()) {
    for (const int count : threads) {
      add_once(settings, {streams > 0 ? streams : std::max(1, cores / count), count});
    }
    return settings;
  }
  if (streams > 0) return {{streams, std::max(1, cores / streams)}};
  for (int count = 1; count < cores; count *= 2) add_once(settings, {count, cores / count});
  add_once(settings, {cores, 1});
  return settings;
}

double common_rate_per_s(const std::vector<StreamTimes>& streams) {
  double begin_s = streams.front().start_s.front(), end_s = end_of(streams.front());
  for (const StreamTimes& times : streams) {
    begin_s = std::max(begin_s, times.start_s.front());
    end_s = std::min(end_s, end_of(times));
  }
  if (end_s <= begin_s) return 0;
  double inferences = 0;
  for (const StreamTimes& times : streams) {
    for (size_t i = 0; i < times.start_s.size(); ++i) {
      const double from_s = std::max(times.start_s[i], begin_s);
      const double to_s = std::min(times.start_s[i] + times.duration_s[i], end_s);
      if (to_s > from_s) inferences += (to_s - from_s) / times.duration_s[i];
    }
  }
  return inferences / (end_s - begin_s);
}

}  // namespace dnnbench
