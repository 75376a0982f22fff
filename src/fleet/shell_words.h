// Words for a shell script.
#pragma once

#include <string>
#include <vector>

namespace dnnbench {

// The word in single quotes, so that the shell takes it as it is.
std::string shell_quoted(const std::string& word);

// All of them, quoted, with a space between.
std::string shell_words(const std::vector<std::string>& words);

}  // namespace dnnbench
