#include "cli/help_text.h"

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
  std::istringstream choices(kind);
  for (std::string choice; std::getline(choices, choice, '|');) {
    const auto known = known_kinds().find(choice);
    if (value == choice) return "";
    if (known != known_kinds().end() && std::regex_match(value, known->second.pattern)) return "";
  }
  if (kind.find('|') != std::string::npos) {
    return "must be one of " + std::regex_replace(kind, std::regex("\\|"), ", ");
  }
  const auto known = known_kinds().find(kind);
  return known == known_kinds().end() ? "" : known->second.complaint;
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
