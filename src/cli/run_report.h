// What a run prints on stdout, for each comparison: what was measured, the answer, then the table.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/layout.h"
#include "results/result.h"

namespace dnnbench {

struct RunReport {
  std::string heading;  // "resnet50-v1-7 on my-host: 2 threads, f32, inputs data[1,3,224,224]"
  std::string answer;   // one sentence
  Table table;
  std::string notes;  // why an engine has no figure or no rank, one line per engine
};

// At least one result, all of one comparison.
RunReport report_of(const std::vector<Result>& results);

// All sizes of a model's batch, measured one after the other, in latency mode.
RunReport report_of_batches(const std::vector<Result>& results);

// Forms of a model against f32: what each costs and gains. At least one result that compares them.
RunReport report_of_variants(const std::vector<Result>& results);

// For a terminal of so many columns, with an empty line at its end.
std::string report_text(const RunReport& report, size_t width);

// Adds a comparison's rows to a table for export, with the model and its batch before them.
void add_for_export(const std::vector<Result>& results, Table& all);

// `format` is csv, markdown or json.
std::string exported(const Table& table, const std::string& format);

}  // namespace dnnbench
