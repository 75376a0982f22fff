// Reads comma-separated text (RFC 4180): fields in quotation marks may hold commas, line ends and
// doubled quotation marks. Lines may end in CR LF; a byte order mark is skipped.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace dnnbench {

struct CsvRow {
  size_t line = 0;  // where the row begins, counted from 1
  std::vector<std::string> fields;
};

// Every row but empty lines, which it skips. Throws Error for a quotation mark that is never
// closed.
std::vector<CsvRow> parse_csv(std::string_view text);

}  // namespace dnnbench
