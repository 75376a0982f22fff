#include "cli/layout.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/terminal.h"
#include "core/printable.h"

namespace dnnbench {
namespace {

constexpr size_t kGap = 2;  // spaces between columns

using Places = std::vector<size_t>;  // indices of columns

std::string padded(const std::string& text, size_t width, Align align) {
  const std::string space(width - std::min(width, columns_of(text)), ' ');
  return align == Align::kLeft ? text + space : space + text;
}

std::string without_trailing_spaces(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

size_t width_of_column(const Table& table, size_t place) {
  size_t width = columns_of(table.columns[place].name);
  for (const Cells& row : table.rows) width = std::max(width, columns_of(row[place].text));
  return width;
}

size_t width_of_columns(const Table& table, const Places& places) {
  size_t width = 0;
  for (const size_t place : places) width += width_of_column(table, place) + kGap;
  return width - std::min(width, kGap);
}

Places shown_columns(const Table& table) {
  Places places;
  for (size_t place = 0; place < table.columns.size(); ++place) {
    if (!table.columns[place].name.empty()) places.push_back(place);
  }
  return places;
}

// Takes the next column that may go, if any, out of `places`.
std::optional<size_t> drop_next(const Table& table, Places& places) {
  std::optional<size_t> next;
  for (const size_t place : places) {
    const int drop = table.columns[place].drop;
    if (drop > 0 && (!next || drop < table.columns[*next].drop)) next = place;
  }
  if (next) places.erase(std::find(places.begin(), places.end(), *next));
  return next;
}

std::string lines(const Table& table, const Places& places) {
  std::vector<std::string> texts(table.rows.size() + 1);
  for (const size_t place : places) {
    const Column& column = table.columns[place];
    const size_t width = width_of_column(table, place);
    const std::string gap(texts[0].empty() ? 0 : kGap, ' ');
    texts[0] += gap + padded(column.name, width, column.align);
    for (size_t i = 0; i < table.rows.size(); ++i) {
      texts[i + 1] += gap + padded(table.rows[i][place].text, width, column.align);
    }
  }
  std::string text;
  for (const std::string& line : texts) text += without_trailing_spaces(line) + "\n";
  return text;
}

// A line per cell, those of a row indented below its first.
std::string records(const Table& table) {
  const Places places = shown_columns(table);
  std::string text;
  for (const Cells& row : table.rows) {
    text += row[places.front()].text + "\n";
    for (size_t i = 1; i < places.size(); ++i) {
      const std::string& cell = row[places[i]].text;
      if (!cell.empty()) text += fmt::format("  {}: {}\n", table.columns[places[i]].name, cell);
    }
  }
  return text;
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string csv_value(const Cell& cell) {
  if (!cell.is_figure) return csv_field(cell.text);
  return cell.figure && std::isfinite(*cell.figure) ? fmt::format("{}", *cell.figure) : "";
}

nlohmann::ordered_json json_value(const Cell& cell) {
  if (!cell.is_figure) return cell.text;
  if (!cell.figure || !std::isfinite(*cell.figure)) return nullptr;
  const auto whole = static_cast<int64_t>(*cell.figure);
  if (static_cast<double>(whole) == *cell.figure) return whole;
  return *cell.figure;
}

std::string markdown_field(const std::string& text) {
  std::string escaped;
  for (const char c : text) escaped += c == '|' ? std::string("\\|") : std::string(1, c);
  return escaped;
}

std::string join(const std::vector<std::string>& parts, const char* separator) {
  return fmt::format("{}", fmt::join(parts, separator));
}

}  // namespace

size_t columns_of(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string table_text(const Table& table, size_t width, const std::string& remedy) {
  Places places = shown_columns(table);
  std::vector<std::string> dropped;
  while (width_of_columns(table, places) > width) {
    const std::optional<size_t> next = drop_next(table, places);
    if (!next) break;
    dropped.push_back(table.columns[*next].name);
  }
  if (width_of_columns(table, places) > width) return wrapped(records(table), width);
  if (dropped.empty()) return lines(table, places);
  return lines(table, places) +
         wrapped(fmt::format("Not shown: {}; {}.\n", join(dropped, ", "), remedy), width);
}

std::string table_csv(const Table& table) {
  std::vector<std::string> fields;
  for (const Column& column : table.columns) fields.push_back(column.key);
  std::string text = join(fields, ",") + "\n";
  for (const Cells& row : table.rows) {
    fields.clear();
    for (const Cell& cell : row) fields.push_back(csv_value(cell));
    text += join(fields, ",") + "\n";
  }
  return text;
}

std::string table_json(const Table& table) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const Cells& row : table.rows) {
    nlohmann::ordered_json object;
    for (size_t i = 0; i < row.size(); ++i) object[table.columns[i].key] = json_value(row[i]);
    rows.push_back(std::move(object));
  }
  return rows.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string table_markdown(const Table& table) {
  const Places places = shown_columns(table);
  std::vector<std::string> names, rules;
  for (const size_t place : places) {
    names.push_back(table.columns[place].name);
    rules.emplace_back(table.columns[place].align == Align::kLeft ? "---" : "---:");
  }
  std::string text = fmt::format("| {} |\n|{}|\n", join(names, " | "), join(rules, "|"));
  for (const Cells& row : table.rows) {
    std::vector<std::string> fields;
    for (const size_t place : places) fields.push_back(markdown_field(row[place].text));
    text += fmt::format("| {} |\n", join(fields, " | "));
  }
  return text;
}

std::string wrapped(const std::string& text, size_t width) {
  if (width == kUnlimitedWidth) return text;
  std::string result;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    size_t column = std::min(line.find_first_not_of(' '), line.size());
    result.append(column, ' ');
    const size_t indent = column;
    std::istringstream words(line.substr(column));
    for (std::string word; std::getline(words, word, ' ');) {
      const size_t length = columns_of(word);
      if (column > indent && column + 1 + length > width) {
        result += '\n' + std::string(indent, ' ');
        column = indent;
      } else if (column > indent) {
        result += ' ';
        ++column;
      }
      result += word;
      column += length;
    }
    result += '\n';
  }
  if (!text.empty() && text.back() != '\n') result.pop_back();
  return result;
}

void say(const std::string& sentence) {
  fmt::print(stderr, "{}", wrapped(printable(sentence) + "\n", width_of(STDERR_FILENO)));
}

std::string left_aligned(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns_of(row[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    for (size_t i = 0; i + 1 < row.size(); ++i) {
      text += row[i] + std::string(widths[i] - columns_of(row[i]) + 2, ' ');
    }
    text += row.back() + "\n";
  }
  return text;
}

}  // namespace dnnbench
