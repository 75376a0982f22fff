#include "results/take_numbers.h"

#include <charconv>

namespace dnnbench {
namespace {

size_t skip_blanks(const std::string& text, size_t at) {
  const size_t next = text.find_first_not_of(" \t\r\n", at);
  return next == std::string::npos ? text.size() : next;
}

// Steps over the character where it is the next but for blanks.
bool step_over(const std::string& text, size_t& at, char wanted) {
  const size_t next = skip_blanks(text, at);
  if (next == text.size() || text[next] != wanted) return false;
  at = next + 1;
  return true;
}

// Numbers with commas between, up to and with "]".
std::optional<std::vector<double>> read_numbers(const std::string& text, size_t& at) {
  std::vector<double> numbers;
  const char* const end = text.data() + text.size();
  while (true) {
    at = skip_blanks(text, at);
    double number = 0;
    const auto [rest, error] = std::from_chars(text.data() + at, end, number);
    if (error != std::errc()) return std::nullopt;
    numbers.push_back(number);
    at = static_cast<size_t>(rest - text.data());
    if (step_over(text, at, ']')) return numbers;
    if (!step_over(text, at, ',')) return std::nullopt;
  }
}

}  // namespace

std::optional<std::vector<double>> take_numbers(std::string& text, std::string_view key,
                                                std::string_view instead) {
  const std::string quoted = '"' + std::string(key) + '"';
  const size_t found = text.find(quoted);
  if (found == std::string::npos || text.find(quoted, found + 1) != std::string::npos) return {};
  if (found > 0 && text[found - 1] == '\\') return {};  // within a string
  size_t at = found + quoted.size();
  if (!step_over(text, at, ':') || !step_over(text, at, '[')) return {};
  const size_t begin = at - 1;
  std::optional<std::vector<double>> numbers = read_numbers(text, at);
  if (numbers) text.replace(begin, at - begin, instead);
  return numbers;
}

}  // namespace dnnbench
