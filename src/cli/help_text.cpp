#include "cli/help_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <regex>
#include <sstream>

#include "core/error.h"

namespace dnnbench {
namespace {

struct HelpFile {
  const char* subcommand;
  const char* text;
};

constexpr HelpFile kHelpFiles[] = {
#include "help_files.inc"
};

constexpr size_t kLongestValue = 4096;  // std::regex calls itself for each character

struct ValueKind {
  std::regex pattern;
  std::string complaint;
};

std::vector<std::string> lines_of(const std::string& subcommand) {
  for (const HelpFile& file : kHelpFiles) {
    if (subcommand != file.subcommand) continue;
    std::vector<std::string> lines;
    std::istringstream text(file.text);
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
  }
  throw Error("there is no help for \"" + subcommand + "\"");
}

const std::map<std::string, ValueKind>& known_kinds() {
  static const std::map<std::string, ValueKind> kKinds = [] {
    std::map<std::string, ValueKind> kinds;
    for (const std::string& line : lines_of("values")) {
      if (line.rfind('#', 0) == 0) continue;
      std::istringstream words(line);
      std::string name, pattern, complaint;
      words >> name >> pattern >> std::ws;
      std::getline(words, complaint);
      kinds[name] = {std::regex(pattern, std::regex::extended), complaint};
    }
    return kinds;
  }();
  return kKinds;
}

std::vector<std::string> choices_of(const std::string& kind) {
  std::vector<std::string> choices;
  std::istringstream stream(kind);
  for (std::string choice; std::getline(stream, choice, '|');) choices.push_back(choice);
  return choices;
}

bool same_word(const std::string& a, const std::string& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

// "1e3" -> "1000". What is no exponent stays.
std::string without_exponent(const std::string& count) {
  const size_t e = count.find_first_of("eE");
  if (e == std::string::npos) return count;
  const size_t digits = count.find_first_not_of('+', e + 1);
  return count.substr(0, e) + std::string(std::stoul(count.substr(digits)), '0');
}

std::string without_exponents(const std::string& counts) {
  std::string text;
  std::istringstream stream(counts);
  for (std::string count; std::getline(stream, count, ',');) {
    text += (text.empty() ? "" : ",") + without_exponent(count);
  }
  return text;
}

}  // namespace

std::string help_text(const std::string& subcommand) {
  std::string text;
  for (const std::string& line : lines_of(subcommand)) {
    if (line.rfind('#', 0) != 0) text += line + "\n";
  }
  return text;
}

std::vector<std::string> flags_in_help(const std::string& subcommand) {
  std::vector<std::string> flags;
  for (const auto& [flag, kind] : value_kinds(subcommand)) flags.push_back(flag);
  return flags;
}

std::map<std::string, std::string> value_kinds(const std::string& subcommand) {
  static const std::regex kFlag("^#?  (--[a-z0-9-]+)=?([^ ]*).*");
  std::map<std::string, std::string> kinds;
  std::smatch match;
  for (const std::string& line : lines_of(subcommand)) {
    if (std::regex_match(line, match, kFlag)) kinds[match[1]] = match[2];
  }
  return kinds;
}

std::string complaint_about(const std::string& value, const std::string& kind) {
  for (const std::string& choice : choices_of(kind)) {
    const auto known = known_kinds().find(choice);
    if (same_word(value, choice)) return "";
    if (known != known_kinds().end() && value.size() > kLongestValue) return "is too long";
    if (known != known_kinds().end() && std::regex_match(value, known->second.pattern)) return "";
  }
  if (kind.find('|') != std::string::npos) {
    return "must be one of " + std::regex_replace(kind, std::regex("\\|"), ", ");
  }
  const auto known = known_kinds().find(kind);
  return known == known_kinds().end() ? "" : known->second.complaint;
}

std::string canonical_value(const std::string& value, const std::string& kind) {
  const std::vector<std::string> choices = choices_of(kind);
  for (const std::string& choice : choices) {
    if (choices.size() > 1 && same_word(value, choice)) return choice;
  }
  if (kind == "COUNT" || kind == "COUNTS" || kind == "N") return without_exponents(value);
  if (kind == "FRACTION" && !value.empty() && value.back() == '%') {
    return fmt::format("{}", std::strtod(value.c_str(), nullptr) / 100);
  }
  return value;
}

std::vector<std::string> generated_models() {
  std::vector<std::string> names;
  for (const std::string& line : lines_of("run")) {
    if (line.rfind("    ", 0) != 0 || line.size() < 5 || line[4] == ' ') continue;
    std::istringstream words(line);
    for (std::string word; words >> word;) names.push_back(word);
  }
  return names;
}

}  // namespace dnnbench
