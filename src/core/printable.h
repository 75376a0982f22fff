// Names and messages from models, files and libraries may hold any bytes; a person's terminal must
// not obey them.
#pragma once

#include <string>

namespace dnnbench {

// The text as one line of UTF-8: every control character (line ends, tabs, escapes, C1) and every
// mark that changes the direction of text becomes a space, every byte that is not UTF-8 U+FFFD.
std::string printable(const std::string& text);

// Whether all of it is UTF-8, as JSON needs it.
bool is_utf8(const std::string& text);

}  // namespace dnnbench
