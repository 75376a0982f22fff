// "did you mean": the nearest of some known words.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace dnnbench {

// The known word with the smallest edit distance (insertions, deletions, substitutions and swaps
// of neighbours; 1 where the word only begins it), if that is at most a third of the word's length,
// rounded up; a flag's dashes count for nothing. setup/usage.sh has the same rule.
std::optional<std::string> nearest(const std::string& word, const std::vector<std::string>& known);

}  // namespace dnnbench
