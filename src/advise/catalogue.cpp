#include "advise/catalogue.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "advise/csv.h"
#include "core/error.h"
#include "core/whole_file.h"

namespace dnnbench {
namespace {

constexpr std::string_view kBuiltIn =
#include "instances.inc"
    ;

// Why a row is left out, as the end of a sentence.
struct BadRow {
  std::string why;
};

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// A row's fields by the names of their columns.
class Row {
 public:
  Row(const std::map<std::string, size_t>& columns, const CsvRow& row)
      : columns_(columns), row_(row) {}

  std::string text(const std::string& column) const {
    const auto found = columns_.find(column);
    if (found == columns_.end() || found->second >= row_.fields.size()) return "";
    return trimmed(row_.fields[found->second]);
  }

  std::optional<double> number(const std::string& column) const {
    const std::string value = text(column);
    if (value.empty()) return std::nullopt;
    double number = 0;
    const char* const end = value.data() + value.size();
    const auto [rest, error] = std::from_chars(value.data(), end, number);
    if (error != std::errc() || rest != end || !(number >= 0 && number <= kMaxCatalogueNumber)) {
      throw BadRow{fmt::format("{} is \"{}\", not a number from 0 to 1e9", column, value)};
    }
    return number;
  }

 private:
  const std::map<std::string, size_t>& columns_;
  const CsvRow& row_;
};

InstanceType instance_of(const Row& row) {
  InstanceType type;
  type.name = row.text("instance");
  if (type.name.empty()) throw BadRow{"it names no instance"};
  type.usd_per_hour = row.number("usd_per_hour");
  type.arch = canonical_arch(row.text("arch"));
  type.vcpu = row.number("vcpu");
  type.cores = row.number("cores");
  type.memory_gib = row.number("memory_gib");
  type.cpu = row.text("cpu");
  type.isa = row.text("isa");
  type.gpu = row.text("gpu");
  type.gpus = row.number("gpus");
  type.gpu_memory_mib = row.number("gpu_memory_mib");
  type.accelerator = row.text("accelerator");
  type.price_date = row.text("price_date");
  type.region = row.text("region");
  type.price_source = row.text("price_source");
  type.spec_source = row.text("spec_source");
  type.note = row.text("note");
  return type;
}

std::map<std::string, size_t> columns_of(const std::vector<CsvRow>& rows,
                                         const std::string& source) {
  std::map<std::string, size_t> columns;
  if (!rows.empty()) {
    for (size_t i = 0; i < rows[0].fields.size(); ++i)
      columns.emplace(trimmed(rows[0].fields[i]), i);
  }
  for (const char* needed : {"instance", "usd_per_hour"}) {
    if (columns.count(needed) == 0) {
      throw UsageError(
          fmt::format("{} is not a catalogue: its first line must name the columns, separated by "
                      "commas, and has "
                      "no {}; see catalogue/README.md",
                      source, needed));
    }
  }
  return columns;
}

// Adds the row, or throws BadRow.
void add_row(Catalogue& catalogue, std::map<std::string, size_t>& lines,
             const std::map<std::string, size_t>& columns, const CsvRow& row, size_t width) {
  if (row.fields.size() > width) {
    throw BadRow{
        fmt::format("it has {} fields, the first line names {}", row.fields.size(), width)};
  }
  const InstanceType type = instance_of({columns, row});
  const auto [earlier, is_new] = lines.emplace(type.name, row.line);
  if (!is_new) {
    throw BadRow{fmt::format("{} is already in line {}", type.name, earlier->second)};
  }
  catalogue.instances.push_back(type);
}

}  // namespace

const InstanceType* Catalogue::find(const std::string& name) const {
  for (const InstanceType& type : instances) {
    if (type.name == name) return &type;
  }
  return nullptr;
}

std::string canonical_arch(const std::string& arch) {
  if (arch == "aarch64") return "arm64";
  if (arch == "amd64") return "x86_64";
  return arch;
}

Catalogue parse_catalogue(std::string_view text, const std::string& source) {
  std::vector<CsvRow> rows;
  try {
    rows = parse_csv(text);
  } catch (const Error& error) {
    throw UsageError(fmt::format("{} is not a catalogue: {}", source, error.what()));
  }
  const std::map<std::string, size_t> columns = columns_of(rows, source);
  Catalogue catalogue;
  catalogue.source = source;
  std::map<std::string, size_t> lines;
  for (size_t i = 1; i < rows.size(); ++i) {
    try {
      add_row(catalogue, lines, columns, rows[i], rows[0].fields.size());
    } catch (const BadRow& bad) {
      catalogue.complaints.push_back(
          fmt::format("{}, line {}: left out: {}", source, rows[i].line, bad.why));
      const std::string name = Row(columns, rows[i]).text("instance");
      if (!name.empty()) catalogue.left_out.emplace(name, rows[i].line);
    }
  }
  return catalogue;
}

Catalogue built_in_catalogue() {
  return parse_catalogue(kBuiltIn, "the built-in catalogue of AWS on-demand prices");
}

Catalogue read_catalogue(const std::string& path) {
  const auto text = read_whole_file(path);
  if (!text || text->empty()) {
    throw UsageError(fmt::format("the catalogue {} can't be read, or is empty", path));
  }
  return parse_catalogue(*text, path);
}

}  // namespace dnnbench
