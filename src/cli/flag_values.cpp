#include "cli/flag_values.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <limits>
#include <optional>
#include <set>
#include <sstream>

#include "core/error.h"
#include "inputs/given_inputs.h"

namespace dnnbench {
namespace {

const std::vector<std::string> kVariants{"f32", "bf16", "f16", "int8", "int8-dynamic"};

// "NAME=VALUE" at that '='.
std::pair<std::string, std::string> split_assignment(const std::string& flag,
                                                     const std::string& text, size_t equals) {
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
    throw UsageError(fmt::format("{} must look like NAME=VALUE, not '{}'", flag, text));
  }
  return {text.substr(0, equals), text.substr(equals + 1)};
}

// "1,2,4". None where it is anything else than whole numbers from `min` to `max`.
std::optional<std::vector<int64_t>> read_list(const std::string& text, int64_t min, int64_t max) {
  std::vector<int64_t> numbers;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    int64_t number = 0;
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc() || number < min || number > max) return std::nullopt;
    numbers.push_back(number);
    if (next == end) return numbers;
    if (*next != ',') return std::nullopt;
    at = next + 1;
  }
}

}  // namespace

std::pair<std::string, std::vector<int64_t>> parse_shape(const std::string& text) {
  const auto [name, dimensions] = split_assignment("--shape", text, text.rfind('='));
  const auto shape = read_list(dimensions, 0, std::numeric_limits<int64_t>::max());
  if (!shape) {
    throw UsageError(fmt::format("--shape must look like images=1,3,320,320, not '{}'", text));
  }
  return {name, *shape};
}

std::vector<int64_t> parse_counts(const std::string& flag, const std::string& text, int64_t max) {
  const auto given = read_list(text, 1, max);
  if (!given) {
    throw UsageError(
        fmt::format("{} must be a whole number from 1 to {}, or a list such as 1,2,4, not '{}'",
                    flag, max, text));
  }
  std::vector<int64_t> counts;
  for (const int64_t count : *given) {
    if (std::find(counts.begin(), counts.end(), count) == counts.end()) counts.push_back(count);
  }
  return counts;
}

// At the first '=' that a number or the path of a file follows: both names and paths may hold one.
std::pair<std::string, std::string> parse_input(const std::string& text) {
  const size_t first = text.find('=');
  for (size_t at = first; at != std::string::npos; at = text.find('=', at + 1)) {
    const std::string value = text.substr(at + 1);
    std::error_code ignored;
    if (is_number(value) || std::filesystem::exists(value, ignored))
      return split_assignment("--input", text, at);
  }
  return split_assignment("--input", text, first);
}

// In the order of kVariants.
std::vector<std::string> parse_variants(const std::string& text) {
  std::set<std::string> asked{"f32"};
  std::istringstream words(text);
  for (std::string word; std::getline(words, word, ',');) {
    if (std::find(kVariants.begin(), kVariants.end(), word) == kVariants.end() && word != "all") {
      throw UsageError(
          fmt::format("--variants: '{}' is not one of {}, all", word, fmt::join(kVariants, ", ")));
    }
    asked.insert(word);
  }
  std::vector<std::string> variants;
  for (const std::string& variant : kVariants) {
    if (asked.count(variant) + asked.count("all") > 0) variants.push_back(variant);
  }
  return variants;
}

}  // namespace dnnbench
