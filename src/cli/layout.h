// Text in columns.
#pragma once

#include <string>
#include <vector>

namespace dnnbench {

// One line a row, columns two spaces apart, those listed in `left_aligned` to the left and all
// others to the right. Rows may be shorter than the first.
std::string layout(const std::vector<std::vector<std::string>>& rows,
                   const std::vector<size_t>& left_aligned);

}  // namespace dnnbench
