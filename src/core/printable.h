// Names and messages from models, files and libraries may hold any bytes; a person's terminal must
// not obey them.
#pragma once

#include <string>

namespace dnnbench {

// The text as one line: every control character (line ends, tabs, escapes) becomes a space.
std::string printable(std::string text);

}  // namespace dnnbench
