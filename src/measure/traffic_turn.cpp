#include "measure/traffic_turn.h"

#include <algorithm>

namespace dnnbench {

TrafficTurn join(const std::vector<ServedPart>& parts, const Schedule& schedule, size_t dropped) {
  TrafficTurn turn;
  for (const ServedPart& part : parts) turn.served += part.request.size();
  if (turn.served <= dropped) dropped = 0;
  for (const ServedPart& part : parts) {
    for (size_t i = 0; i < part.request.size(); ++i) {
      if (part.request[i] < dropped) continue;
      const double intended_s = schedule.origin_s + schedule.arrival_s.at(part.request[i]);
      turn.requests.push_back({intended_s, part.begin_s[i], part.end_s[i], part.late_s[i]});
    }
    turn.cpu_s += part.cpu_s;
    turn.spun_s += part.spun_s;
    *turn.noise.waited_s += part.waited_s;
    turn.noise.involuntary_switches += part.involuntary_switches;
  }
  std::sort(turn.requests.begin(), turn.requests.end(),
            [](const auto& a, const auto& b) { return a.intended_s < b.intended_s; });
  turn.dropped = static_cast<int64_t>(turn.served - turn.requests.size());
  turn.unserved = schedule.arrival_s.size() - turn.served;
  turn.length_s = schedule.arrival_s.back() - (dropped > 0 ? schedule.arrival_s[dropped - 1] : 0);
  return turn;
}

}  // namespace dnnbench
