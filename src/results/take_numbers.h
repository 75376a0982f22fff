// Takes a long list of numbers out of a JSON text before it is parsed. Results are mostly lists of
// numbers, and std::from_chars reads those many times faster than the parser.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dnnbench {

// The numbers of the list under `key`, in the text replaced by `instead`. Where the key occurs not
// at all or more than once, or something else than a list of numbers stands under it, returns
// nothing and leaves the text alone. The key may be that of an object within the object: put
// something for `instead` that the parsed text shows at its place.
std::optional<std::vector<double>> take_numbers(std::string& text, std::string_view key,
                                                std::string_view instead);

}  // namespace dnnbench
