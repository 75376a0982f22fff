#include "results/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace dnnbench {
namespace {

// Three significant digits, never in exponent form: 0.0123, 1.23, 12.3, 123, 1234.
std::string three_digits(double value) {
  if (value == 0 || !std::isfinite(value)) return fmt::format("{:g}", value);
  const std::string rounded = fmt::format("{:.2e}", value);  // 0.9999 rounds to 1.00e+00
  const int magnitude = std::stoi(rounded.substr(rounded.find('e') + 1));
  return fmt::format("{:.{}f}", value, std::clamp(2 - magnitude, 0, 9));
}

}  // namespace

std::string format_seconds(double seconds) {
  if (seconds >= 0.9995) return three_digits(seconds) + " s";
  if (seconds >= 0.9995e-3) return three_digits(seconds * 1e3) + " ms";
  if (seconds >= 0.9995e-6) return three_digits(seconds * 1e6) + " us";
  return three_digits(seconds * 1e9) + " ns";
}

std::string format_bytes(int64_t bytes) {
  const auto value = static_cast<double>(bytes);
  if (value >= 0.9995e9) return three_digits(value * 1e-9) + " GB";
  if (value >= 0.9995e6) return three_digits(value * 1e-6) + " MB";
  if (value >= 0.9995e3) return three_digits(value * 1e-3) + " kB";
  return fmt::format("{} B", bytes);
}

std::string format_rate(double per_second) { return three_digits(per_second); }

}  // namespace dnnbench
