// What the text of a flag of `dnnbench run` means. All throw UsageError, with one sentence.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace dnnbench {

// "NAME=1,3,320,320" -> {NAME, {1, 3, 320, 320}}.
std::pair<std::string, std::vector<int64_t>> parse_shape(const std::string& text);

// "NAME=0.5" or "NAME=FILE" -> {NAME, what follows}. Both names and paths may hold a '='. Looks
// whether there is such a file.
std::pair<std::string, std::string> parse_input(const std::string& text);

// "1,2,4" -> {1, 2, 4}: whole numbers from 1 to `max`, each kept once.
std::vector<int64_t> parse_counts(const std::string& flag, const std::string& text, int64_t max);

// "int8,bf16" -> {"f32", "bf16", "int8"}: f32 is always the first, since the others are compared
// with it.
std::vector<std::string> parse_variants(const std::string& text);

}  // namespace dnnbench
