// The answer and the table that a run in latency mode ends with: results in, text out.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/layout.h"
#include "results/result.h"

namespace dnnbench {

// What was measured: "resnet50-v1-7 on my-host: 2 threads, f32, inputs data[1,3,224,224]".
std::string heading(const std::vector<Result>& results);

// One row per engine: version, median and tail latency, throughput, times relative to the best,
// load time, peak memory, verdict. `results` are those of one model.
Table results_table(const std::vector<Result>& results);

// Why an engine has no figure or no rank, one line per engine.
std::string results_notes(const std::vector<Result>& results);

// One sentence that a person can act on: "OpenVINO is fastest: ...".
std::string closing_sentence(const std::vector<Result>& results);

// The cells that the tables of all modes share.
Cell seconds_cell(std::optional<double> seconds);
Cell rate_cell(std::optional<double> per_s);
Cell batch_cell(std::optional<int64_t> batch);
Cell bytes_cell(std::optional<int64_t> bytes);
Cell percentile_cell(const std::map<std::string, double>& latency_s, const std::string& name);
Cell error_cell(const Verification& verification);
Cell load_cell(const Result& result);  // time to load, conversion included
Cell memory_cell(const Result& result);

std::string ratio_words(const Ratio& ratio);    // "tie", or ratio_figures
std::string ratio_figures(const Ratio& ratio);  // "1.27x [1.24, 1.31]", "1.50x [?]"

// "crashed", "unverified", "suspect", ...; "" where a table can say more of the result.
std::string problem_of(const Result& result);

// How far the outputs of these agree, to end a sentence with: "; outputs agree within 4e-05". ""
// where they were compared with different references.
std::string agreement(const std::vector<const Result*>& results);

// Of engines with the best first: that one, and all that are not known to be worse than it.
std::vector<const Result*> may_be_best(const std::vector<const Result*>& best_first,
                                       const std::function<bool(const Result&)>& is_worse);

// "a, b and c"
std::string names_of(const std::vector<const Result*>& results, const std::string& conjunction);

}  // namespace dnnbench
