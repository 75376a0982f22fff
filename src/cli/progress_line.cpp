#include "cli/progress_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace dnnbench {
namespace {

constexpr size_t kWideTerminal = 100;
constexpr size_t kWideBar = 24;
constexpr size_t kNarrowBar = 10;
constexpr size_t kNarrowTerminal = 50;  // below it there is no bar
constexpr double kLongStep_s = 3;       // from here on a step's time is shown
constexpr double kEarly = 0.02;         // below this share the time left is a guess

std::string whole_seconds(double seconds) {
  if (seconds < 90) return fmt::format("{:.0f} s", std::ceil(seconds));
  return fmt::format("{:.0f} min", std::ceil(seconds / 60));
}

double done_of_comparison(const RunState& state) {
  return state.advance ? std::clamp(state.advance->done, 0.0, 1.0) : 0;
}

std::string bar(const RunState& state, size_t width, bool colour) {
  const double done = (static_cast<double>(state.comparison - 1) + done_of_comparison(state)) /
                      static_cast<double>(state.comparisons);
  const auto filled = static_cast<size_t>(done * static_cast<double>(width));
  return fmt::format("[{}{}{}{}] ", colour ? "\033[32m" : "", std::string(filled, '#'),
                     colour ? "\033[0m" : "", std::string(width - filled, '-'));
}

std::string time_left(const RunState& state) {
  const double done = done_of_comparison(state);
  if (done < kEarly) return "";
  const double left_s = state.measuring_s * (1 - done) / done;
  return fmt::format("{}{} left", state.advance->may_end_early ? "at most " : "",
                     whole_seconds(left_s));
}

std::string long_step(const RunState& state) {
  return state.step_s < kLongStep_s
             ? state.step
             : fmt::format("{}, {} so far", state.step, whole_seconds(state.step_s));
}

}  // namespace

std::string progress_words(const RunState& state) {
  std::string text;
  const auto add = [&](const std::string& part) {
    if (part.empty()) return;
    text += (text.empty() ? "" : ", ") + part;
  };
  if (state.comparisons > 1) {
    text = fmt::format("comparison {} of {}", state.comparison, state.comparisons);
  }
  if (!state.advance) {
    add(long_step(state));
    return text;
  }
  add(time_left(state));
  add(state.advance->standing);
  // An engine is restarted in no time, or the reader wants to know what takes so long.
  if (!state.step.empty() && state.step_s >= kLongStep_s) add(long_step(state));
  return text;
}

std::string progress_line(const RunState& state, size_t columns, bool colour) {
  const size_t room = columns > 1 ? columns - 1 : 1;  // the last column may wrap
  const size_t width = columns >= kWideTerminal ? kWideBar : kNarrowBar;
  if (columns < kNarrowTerminal) return progress_words(state).substr(0, room);
  const size_t used = width + 3;
  return bar(state, width, colour) + progress_words(state).substr(0, room - used);
}

std::string phase_of(const RunState& state) {
  return fmt::format("{} {}", state.comparison, state.advance ? "measuring" : state.step);
}

}  // namespace dnnbench
