// The table and the closing sentence that a run ends with: results in, text out.
#pragma once

#include <string>
#include <vector>

#include "results/result.h"

namespace dnnbench {

// What was measured: "resnet50-v1-7 on my-host: 2 threads, f32, inputs data[1,3,224,224]".
std::string heading(const std::vector<Result>& results);

// One row an engine: version, median and tail latency, throughput, times against the best, load
// time, peak memory, verdict. `results` are those of one model.
std::string results_table(const std::vector<Result>& results);

// One sentence that a person can act on: "OpenVINO is fastest: ...".
std::string closing_sentence(const std::vector<Result>& results);

// The cells that the tables of all modes share.
std::string error_cell(const Verification& verification);
std::string load_cell(const Result& result);  // time to load, conversion included
std::string memory_cell(const Result& result);

std::string ratio_words(const Ratio& ratio);  // "tie", "1.27x [1.24, 1.31]", "1.50x [?]"

// How far the outputs of these agree: "outputs agree within 4e-05".
std::string agreement(const std::vector<const Result*>& results);

// "a, b and c"
std::string names_of(const std::vector<const Result*>& results, const std::string& conjunction);

}  // namespace dnnbench
