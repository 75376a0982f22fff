#include "measure/busy_report.h"

#include <fmt/format.h>
#include <unistd.h>

#include "machine/disturbance.h"

namespace dnnbench {
namespace {

constexpr size_t kEnough = 3;  // disturbed blocks

}  // namespace

void BusyReport::add_block(const std::string& disturbance) {
  ++blocks_;
  if (disturbance.empty() || reported_) return;
  ++disturbed_;
  if (disturbed_ == 1) before_ = surroundings_.process_times();
  if (disturbed_ >= kEnough && 2 * disturbed_ >= blocks_) report(disturbance);
}

void BusyReport::report(const std::string& disturbance) {
  reported_ = true;
  std::string who;
  const TimedProcesses now = surroundings_.process_times();
  const double window_s = now.at_s - before_.at_s;
  if (window_s >= kMinWindow_s) {  // shorter where the journal answers for all three
    const auto program = busiest_program(before_.times, now.times, window_s, getpid());
    if (program) who = fmt::format("; {}", describe(*program));
  }
  progress_.note(
      fmt::format("The machine is busy: {} of {} blocks were disturbed ({}{}). Stop what else is "
                  "running, or the result may be suspect.",
                  disturbed_, blocks_, disturbance, who));
}

}  // namespace dnnbench
