#include "cli/fleet_lines.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "cli/terminal.h"
#include "core/printable.h"

namespace dnnbench {
namespace {

std::string text_of(const FleetLine& line) {
  const std::string job = line.job.empty() ? "" : fmt::format(" (job {})", line.job);
  return printable(fmt::format("{}{}: {}", line.instance, job, line.state));
}

winsize terminal_size() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) size = {24, 80, 0, 0};
  return size;
}

}  // namespace

FleetLines::FleetLines() : rewrites_(can_rewrite(STDERR_FILENO)) {}

void FleetLines::note(const std::string& sentence) {
  erase();
  fmt::print(stderr, "{}\n", printable(sentence));
}

void FleetLines::show(const std::vector<FleetLine>& lines) {
  if (rewrites_) {
    erase();
    print(lines, std::max<size_t>(terminal_size().ws_row, 4) - 3);
    return;
  }
  for (const FleetLine& line : lines) {
    const std::string text = text_of(line);
    if (std::exchange(printed_[line.instance], text) != text) fmt::print(stderr, "{}\n", text);
  }
}

void FleetLines::close(const std::vector<FleetLine>& lines) {
  if (!rewrites_) return;
  erase();
  print(lines, lines.size());
  shown_ = 0;
}

void FleetLines::erase() {
  if (shown_ > 0) fmt::print(stderr, "\033[{}A\r\033[J", shown_);
  shown_ = 0;
  std::fflush(stderr);
}

// Those that are still at work come first where not all have room.
void FleetLines::print(const std::vector<FleetLine>& lines, size_t max_lines) {
  std::vector<const FleetLine*> order;
  for (const FleetLine& line : lines) order.push_back(&line);
  if (lines.size() > max_lines) {
    std::stable_partition(order.begin(), order.end(),
                          [](const FleetLine* line) { return !line->ended; });
  }
  const bool whole = lines.size() <= max_lines;
  for (size_t i = 0; i < std::min(max_lines, order.size()); ++i) {
    const std::string text = text_of(*order[i]);
    fmt::print(
        stderr, "{}\n",
        whole && max_lines == lines.size() ? text : text.substr(0, terminal_size().ws_col - 1));
    ++shown_;
  }
  if (whole) return;
  fmt::print(stderr, "... and {} more\n", lines.size() - max_lines);
  ++shown_;
}

}  // namespace dnnbench
