#include "advise/csv.h"

#include "core/error.h"

namespace dnnbench {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {
    if (text_.substr(0, kByteOrderMark.size()) == kByteOrderMark) at_ = kByteOrderMark.size();
  }

  bool at_end() const { return at_ >= text_.size(); }

  CsvRow row() {
    CsvRow row{line_, {field()}};
    while (!at_end() && text_[at_] == ',') {
      ++at_;
      row.fields.push_back(field());
    }
    if (!at_end()) ++at_;  // the line's end
    ++line_;
    return row;
  }

 private:
  std::string field() {
    std::string value;
    if (!at_end() && text_[at_] == '"') value = quoted();
    while (!at_end() && text_[at_] != ',' && text_[at_] != '\n') value += text_[at_++];
    if (!value.empty() && value.back() == '\r') value.pop_back();
    return value;
  }

  std::string quoted() {
    const size_t first_line = line_;
    std::string value;
    for (++at_; !at_end(); ++at_) {
      if (text_[at_] == '"' && text_.substr(at_ + 1, 1) != "\"") {
        ++at_;
        return value;
      }
      if (text_[at_] == '"') ++at_;
      if (text_[at_] == '\n') ++line_;
      value += text_[at_];
    }
    throw Error("the quotation mark in line " + std::to_string(first_line) + " is never closed");
  }

  std::string_view text_;
  size_t at_ = 0;
  size_t line_ = 1;
};

}  // namespace

std::vector<CsvRow> parse_csv(std::string_view text) {
  std::vector<CsvRow> rows;
  for (Reader reader(text); !reader.at_end();) {
    CsvRow row = reader.row();
    if (row.fields.size() > 1 || !row.fields[0].empty()) rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace dnnbench
