// Result: one run of one model on one engine, the fields and their names as in
// docs/results-format.md. Everything downstream (tables, plots, comparisons) reads results alone.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/environment.h"
#include "core/load_config.h"
#include "core/outcome.h"
#include "verify/verify.h"

namespace dnnbench {

struct Result {
  std::string model_path;
  int64_t size = 0;  // bytes of the model and its external data
  std::string model_sha256;
  std::map<std::string, std::vector<int64_t>> input_shapes;
  std::vector<std::vector<int64_t>> input_size;  // the same shapes in the model's order

  std::string backend;       // "onnxruntime", "openvino", "pytorch", "tf", "tvm", "tensorrt"
  std::string backend_meta;  // variant and settings that are not the default
  std::string engine;        // folder under engines/
  std::optional<std::string> engine_version;
  std::string device;

  int64_t number = 1;             // inferences an experiment
  std::optional<int64_t> repeat;  // experiments asked for
  int64_t warmup = 0;             // experiments discarded before
  int threads = 1;
  std::string precision;
  std::optional<InForce> in_force;
  uint64_t seed = 0;

  Outcome outcome;
  Verification verification;
  std::optional<double> convert_s;  // absent where the engine reads ONNX itself
  std::optional<double> load_s;     // without convert_s
  std::optional<double> first_run_s;
  std::optional<int64_t> peak_rss_bytes;
  std::vector<double> data;  // seconds of each experiment, in the order measured

  // Time that the engine's threads together waited for a core while it was timed, as a share of
  // that time; absent where nothing was timed.
  std::optional<double> run_queue_wait_share;

  Environment environment;
  std::string instance;
  std::string started_at;  // UTC, "2026-11-23T22:40:07Z"
  std::string log_path;    // file name of the log beside the result; empty where there is none
  std::string output_path;
  std::string converted_path;  // what --save-converted kept; empty where nothing was
};

// The file's JSON. Derived numbers (min, mean, percentiles, throughput) are computed here from
// `data`, and only an ok result has any.
nlohmann::ordered_json to_json(const Result& result);

// Seconds for one inference, from data divided by number. Data must not be empty.
double median_latency_s(const Result& result);

// Whether something else ran on the machine's cores while the engine was timed, so that its figures
// are not to be trusted: more than kSuspectWaitShare of waiting.
bool is_suspect(const Result& result);
inline constexpr double kSuspectWaitShare = 0.05;

// The percentiles that there are enough samples for, "p50" to "p99" (core/statistics.h).
std::map<std::string, double> latency_percentiles_s(const Result& result);

}  // namespace dnnbench
