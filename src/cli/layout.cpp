#include "cli/layout.h"

#include <fmt/format.h>

#include <algorithm>

namespace dnnbench {

std::string layout(const std::vector<std::vector<std::string>>& rows,
                   const std::vector<size_t>& left_aligned) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      if (i > 0) line += "  ";
      const bool left =
          std::find(left_aligned.begin(), left_aligned.end(), i) != left_aligned.end();
      line += left ? fmt::format("{:<{}}", row[i], widths[i])
                   : fmt::format("{:>{}}", row[i], widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace dnnbench
