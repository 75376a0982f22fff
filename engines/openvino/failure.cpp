#include "failure.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <string_view>

#include "core/error.h"

namespace dnnbench {
namespace {

// Lines that say where in the library's source a check failed, not what failed.
constexpr std::array<std::string_view, 5> kPositions{"Exception from ", "Check '",
                                                     "FrontEnd API failed with ", "Summary:",
                                                     "While validating node "};

// The library rethrows every failure as one type, so its words are all there is to tell an
// operator that it lacks from a model that it finds wrong.
constexpr std::array<std::string_view, 6> kLacks{"No conversion rule found", "not supported",
                                                 "unsupported", "Unsupported", "not implemented",
                                                 "Not Implemented"};

bool starts_with_any(std::string_view line) {
  return std::any_of(kPositions.begin(), kPositions.end(),
                     [&](std::string_view start) { return line.rfind(start, 0) == 0; });
}

std::string one_line(const std::string& text) {
  std::istringstream lines(text);
  std::string line, sentence;
  while (std::getline(lines, line)) {
    if (line.empty() || starts_with_any(line)) continue;
    if (!sentence.empty()) sentence += ' ';
    sentence += line;
  }
  return sentence.empty() ? text : sentence;
}

}  // namespace

void rethrow(const ov::Exception& exception) {
  const std::string text = "OpenVINO: " + one_line(exception.what());
  const bool lacks = std::any_of(kLacks.begin(), kLacks.end(), [&](std::string_view words) {
    return text.find(words) != std::string::npos;
  });
  if (lacks) throw Unsupported(text);
  throw Error(text);
}

}  // namespace dnnbench
