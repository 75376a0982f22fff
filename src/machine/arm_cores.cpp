#include "machine/arm_cores.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <utility>
#include <vector>

namespace dnnbench {
namespace {

// By implementer and part, as in arch/arm64/include/asm/cputype.h of Linux.
const std::map<std::pair<std::string, std::string>, std::string> kNames{
    {{"0x41", "0xd03"}, "Cortex-A53"},   {{"0x41", "0xd05"}, "Cortex-A55"},
    {{"0x41", "0xd07"}, "Cortex-A57"},   {{"0x41", "0xd08"}, "Cortex-A72"},
    {{"0x41", "0xd0b"}, "Cortex-A76"},   {{"0x41", "0xd41"}, "Cortex-A78"},
    {{"0x41", "0xd42"}, "Cortex-A78AE"}, {{"0x41", "0xd0c"}, "Neoverse-N1"},
    {{"0x41", "0xd40"}, "Neoverse-V1"},  {{"0x41", "0xd49"}, "Neoverse-N2"},
    {{"0x41", "0xd4f"}, "Neoverse-V2"},  {{"0x41", "0xd84"}, "Neoverse-V3"},
    {{"0x41", "0xd8e"}, "Neoverse-N3"},  {{"0xc0", "0xac3"}, "AmpereOne"},
    {{"0x46", "0x001"}, "A64FX"}};

// The value of a line "key<tab>: value"; "" where the line is about something else.
std::string value_of(const std::string& line, const std::string& key) {
  const size_t colon = line.find(": ");
  const bool is_key = line.starts_with(key) && colon != std::string::npos;
  return is_key ? line.substr(colon + 2) : "";
}

std::string name_of(const std::string& implementer, const std::string& part) {
  const auto found = kNames.find({implementer, part});
  return found != kNames.end() ? found->second
                               : fmt::format("Arm implementer {}, part {}", implementer, part);
}

}  // namespace

std::string arm_cores(const std::string& cpuinfo) {
  std::vector<std::string> names;
  std::string implementer;
  std::istringstream lines(cpuinfo);
  for (std::string line; std::getline(lines, line);) {
    if (const std::string value = value_of(line, "CPU implementer"); !value.empty()) {
      implementer = value;
    }
    const std::string part = value_of(line, "CPU part");
    if (part.empty()) continue;
    const std::string name = name_of(implementer, part);
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return fmt::format("{}", fmt::join(names, " + "));
}

}  // namespace dnnbench
