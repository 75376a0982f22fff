// Tables: figures in columns, as text for a terminal of any width, as CSV, Markdown and JSON.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace dnnbench {

enum class Align { kLeft, kRight };

struct Column {
  std::string name;  // "" for one that only exports have
  std::string key;   // in CSV and JSON: with its unit, as in the results
  Align align = Align::kRight;
  int drop = 0;  // where not all columns fit, 1 goes first, then 2, ...; 0 stays
};

struct Cell {
  Cell(std::string words) : text(std::move(words)), is_figure(false) {}  // NOLINT: implicit
  Cell(const char* words) : Cell(std::string(words)) {}                  // NOLINT: implicit
  Cell(std::string words, std::optional<double> value)
      : text(std::move(words)), is_figure(true), figure(value) {}

  std::string text;
  bool is_figure;  // a number in exports, empty where there is none; otherwise the text
  std::optional<double> figure;
};

using Cells = std::vector<Cell>;

struct Table {
  std::vector<Column> columns;
  std::vector<Cells> rows;  // as long as `columns`
};

// Lines of at most `width` columns, two spaces between cells. A last line names the columns that
// were dropped, and `remedy`. Where even those that stay don't fit, a line for each cell of all
// columns, broken between words where it must be.
std::string table_text(const Table& table, size_t width,
                       const std::string& remedy = "--wide shows all");

// The remedy where there is no --wide.
inline constexpr const char* kWiderTerminal = "a wider terminal or a pipe shows all";

// Figures in full precision. CSV follows RFC 4180 but for its line ends.
std::string table_csv(const Table& table);
std::string table_json(const Table& table);
std::string table_markdown(const Table& table);

// Breaks lines at spaces, where they are longer than `width`.
std::string wrapped(const std::string& text, size_t width);

// Prints a message of one line on stderr; where that is a terminal, broken between words.
void say(const std::string& sentence);

// Columns of a terminal that the text takes: its characters in UTF-8.
size_t columns_of(const std::string& text);

// Rows of text, two spaces between cells, without a header and of any width. No row is empty.
std::string left_aligned(const std::vector<std::vector<std::string>>& rows);

}  // namespace dnnbench
