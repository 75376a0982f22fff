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

}  // namespace

std::string help_text(const std::string& subcommand) {
  std::string text;
  for (const std::string& line : lines_of(subcommand)) {
    if (line.rfind('#', 0) != 0) text += line + "\n";
  }
  return text;
}

std::vector<std::string> flags_in_help(const std::string& subcommand) {
  static const std::regex kFlag("^#?  (--[a-z0-9-]+).*");
  std::vector<std::string> flags;
  std::smatch match;
  for (const std::string& line : lines_of(subcommand)) {
    if (std::regex_match(line, match, kFlag)) flags.push_back(match[1]);
  }
  return flags;
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
