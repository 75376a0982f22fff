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

// "onnxruntime", or "openvino (threads=1-precision=bf16)" where the settings are not the default.
std::string engine_label(const Result& result);
std::string engine_label(const std::string& backend, const std::string& backend_meta);

}  // namespace dnnbench
