#include "cli/terminal_progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "cli/table.h"
#include "cli/traffic_table.h"
#include "core/printable.h"
#include "results/units.h"

namespace dnnbench {
namespace {

constexpr const char* kGreen = "\033[32m";
constexpr const char* kRed = "\033[31m";
constexpr const char* kPlain = "\033[0m";
constexpr size_t kNameWidth = 14;

bool is_set(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

size_t terminal_width() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

std::string whole_seconds(double seconds) {
  if (seconds < 90) return fmt::format("{:.0f} s", seconds);
  return fmt::format("{:.0f} min", seconds / 60);
}

std::string ending(const Result& result) {
  if (!result.outcome.ok()) {
    return fmt::format("{}: {}", to_string(result.outcome.kind), printable(result.outcome.reason));
  }
  if (result.measured.traffic) return load_verdict(result);
  if (result.measured.throughput)
    return fmt::format("ok, {}/s", format_rate(result.measured.throughput->best().per_s));
  return fmt::format("ok, {} per inference", format_seconds(median_latency_s(result)));
}

}  // namespace

TerminalProgress::TerminalProgress() {
  const char* const terminal = std::getenv("TERM");
  rewrites_ =
      isatty(STDERR_FILENO) == 1 && terminal != nullptr && std::strcmp(terminal, "dumb") != 0;
  colours_ = rewrites_ && !is_set("NO_COLOR");
}

TerminalProgress::~TerminalProgress() { clear_line(); }

void TerminalProgress::note(const std::string& sentence) {
  clear_line();
  fmt::print(stderr, "{}\n", printable(sentence));
}

void TerminalProgress::step(const std::string& who, const std::string& doing,
                            std::optional<double> remaining_s) {
  if (!rewrites_) return;
  std::string text = fmt::format("{:<{}} {}", who, kNameWidth, doing);
  if (remaining_s) text += fmt::format(", {} left", whole_seconds(*remaining_s));
  rewrite_line(text);
}

void TerminalProgress::finished(const Result& result) {
  if (!rewrites_) return;
  clear_line();
  const char* const colour = result.outcome.ok() ? kGreen : kRed;
  fmt::print(stderr, "{:<{}} {}{}{}\n", result.label, kNameWidth, colours_ ? colour : "",
             ending(result), colours_ ? kPlain : "");
}

void TerminalProgress::rewrite_line(const std::string& text) {
  fmt::print(stderr, "\r\033[K{}", text.substr(0, terminal_width() - 1));
  std::fflush(stderr);
  line_is_open_ = true;
}

void TerminalProgress::clear_line() {
  if (!line_is_open_) return;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
  line_is_open_ = false;
}

}  // namespace dnnbench
