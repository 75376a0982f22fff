#include "measure/busy_report.h"

#include <fmt/format.h>
#include <unistd.h>

namespace dnnbench {
namespace {

constexpr size_t kEnough = 3;  // disturbed blocks

}  // namespace

void BusyReport::add_block(const std::string& disturbance) {
  ++blocks_;
  if (disturbance.empty() || reported_) return;
  ++disturbed_;
  if (disturbed_ == 1) {
    before_ = surroundings_.process_times();
    before_at_s_ = surroundings_.now_s();
  }
  if (disturbed_ >= kEnough && 2 * disturbed_ >= blocks_) report(disturbance);
}

void BusyReport::report(const std::string& disturbance) {
  reported_ = true;
  std::string who;
  const double window_s = surroundings_.now_s() - before_at_s_;
  if (window_s > 0) {
    const auto program =
        busiest_program(before_, surroundings_.process_times(), window_s, getpid());
    if (program) who = fmt::format("; {}", describe(*program));
  }
  progress_.note(
      fmt::format("The machine is busy: {} of {} blocks were disturbed ({}{}). Stop what else is "
                  "running, or the result may be suspect.",
                  disturbed_, blocks_, disturbance, who));
}

}  // namespace dnnbench
