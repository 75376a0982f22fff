#include "cli/run_report.h"

#include <filesystem>

#include "cli/batch_table.h"
#include "cli/table.h"
#include "cli/throughput_table.h"
#include "cli/traffic_table.h"
#include "cli/variants_table.h"
#include "core/printable.h"

namespace dnnbench {

RunReport report_of(const std::vector<Result>& results) {
  switch (results.front().mode) {
    case Mode::kTraffic:
      return {heading(results), traffic_sentence(results), traffic_table(results),
              traffic_notes(results)};
    case Mode::kThroughput:
      return {heading(results), throughput_sentence(results), throughput_table(results),
              throughput_notes(results)};
    case Mode::kLatency:
      break;
  }
  return {heading(results), closing_sentence(results), results_table(results),
          results_notes(results)};
}

RunReport report_of_batches(const std::vector<Result>& results) {
  return {"All batches:", batch_sentence(results), batch_table(results), ""};
}

RunReport report_of_variants(const std::vector<Result>& results) {
  return {"Variants against f32:", variants_sentence(results), variants_table(results),
          variants_notes(results)};
}

std::string report_text(const RunReport& report, size_t width) {
  return wrapped(report.heading + "\n" + report.answer + "\n", width) + "\n" +
         table_text(report.table, width) + wrapped(report.notes, width) + "\n";
}

void add_for_export(const std::vector<Result>& results, Table& all) {
  const RunReport report = report_of(results);
  const Result& first = results.front();
  all.columns = report.table.columns;
  const bool has_batch = first.mode == Mode::kThroughput;  // a column of its own
  all.columns.insert(all.columns.begin(), {"model", "model", Align::kLeft});
  if (!has_batch) all.columns.insert(all.columns.begin() + 1, {"batch", "batch"});
  const std::string model = printable(std::filesystem::path(first.model.path).stem().string());
  const std::optional<int64_t> batch = first.candidate.batch;
  for (Cells row : report.table.rows) {
    row.insert(row.begin(), model);
    if (!has_batch) row.insert(row.begin() + 1, batch_cell(batch));
    all.rows.push_back(std::move(row));
  }
}

std::string exported(const Table& table, const std::string& format) {
  if (format == "csv") return table_csv(table);
  return format == "json" ? table_json(table) : table_markdown(table);
}

}  // namespace dnnbench
