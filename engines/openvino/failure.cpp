#include "failure.h"

#include <algorithm>
#include <array>
#include <new>
#include <sstream>
#include <string_view>

#include "core/error.h"

namespace dnnbench {
namespace {

// Lines that say where in the library's source a check failed, or that something failed, not what.
constexpr std::array<std::string_view, 8> kFrames{"Exception from ",
                                                  "Check '",
                                                  "FrontEnd API failed with ",
                                                  "Model wasn't fully converted",
                                                  "Summary:",
                                                  "Failed operations detailed log:",
                                                  "-- Conversion is failed for:",
                                                  "While validating "};

// The library rethrows every failure as one type, so its words alone distinguish an
// operator, type or feature that it lacks from a model that it finds wrong.
constexpr std::array<std::string_view, 9> kLacks{"No conversion rule found",
                                                 "Conversion is failed for",
                                                 "specify OpenVINO Extensions",
                                                 "not supported",
                                                 "doesn't support",
                                                 "nsupported",
                                                 "not implemented",
                                                 "Not Implemented",
                                                 "NotImplemented"};

bool is_frame(std::string_view line) {
  return std::any_of(kFrames.begin(), kFrames.end(),
                     [&](std::string_view start) { return line.rfind(start, 0) == 0; });
}

bool says_lacks(std::string_view text) {
  return std::any_of(kLacks.begin(), kLacks.end(), [&](std::string_view words) {
    return text.find(words) != std::string_view::npos;
  });
}

std::string one_line(const std::string& text) {
  std::istringstream lines(text);
  std::string line, sentence;
  while (std::getline(lines, line)) {
    if (line.empty() || is_frame(line)) continue;
    if (line.rfind("-- ", 0) == 0) line.erase(0, 3);
    if (!sentence.empty()) sentence += ' ';
    sentence += line;
  }
  if (!sentence.empty()) return sentence;
  std::string all = text;
  std::replace(all.begin(), all.end(), '\n', ' ');
  return all;
}

}  // namespace

void rethrow(const ov::Exception& exception) {
  const std::string text = exception.what();
  if (text.find("bad_alloc") != std::string::npos) throw std::bad_alloc();
  const std::string sentence = "OpenVINO: " + one_line(text);
  if (says_lacks(text)) throw Unsupported(sentence);
  throw Error(sentence);
}

}  // namespace dnnbench
