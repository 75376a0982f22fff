// Result: one run of one model on one engine, the fields and their names as in
// docs/results-format.md. Everything downstream (tables, plots, comparisons) reads results alone.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/mode.h"
#include "core/outcome.h"
#include "machine/environment.h"
#include "machine/noise.h"
#include "protocol/load_config.h"
#include "rank/ranking.h"
#include "results/throughput_result.h"
#include "results/traffic_result.h"
#include "verify/verify.h"

namespace dnnbench {

// Why a run ended its rounds.
enum class Stop { kDecided, kPrecise, kBudget, kRepeat };
std::string_view to_string(Stop stop);  // "decided", "precise", "budget", "repeat"

// Where an engine stands among those that took turns with it.
struct Placing {
  double confidence = 0;  // asked for; all intervals of the run hold together with it
  size_t engines = 1;     // that were ranked
  size_t place = 1;       // 1 + how many are known to be faster
  bool is_best = false;   // the fastest, by estimate at least
  Ratio to_best;
  bool decided = false;    // the whole order
  double probability = 0;  // of the whole order, at least
  std::string anchor;      // where memory did not hold all engines at once: the one that took
                           // turns with everyone; else empty
};

struct Result {
  std::string model_path;
  int64_t size = 0;  // bytes of the model and its external data
  std::string model_sha256;
  std::map<std::string, std::vector<int64_t>> input_shapes;
  std::vector<std::vector<int64_t>> input_size;  // the same shapes in the model's order

  std::string backend;       // "onnxruntime", "openvino", "pytorch", "tf", "tvm", "tensorrt"
  std::string backend_meta;  // variant and settings that are not the default
  std::string settings;      // the same without those of the mode: rate, bound
  std::string engine;        // folder under engines/
  std::optional<std::string> engine_version;
  std::string device;

  Mode mode = Mode::kLatency;
  int streams = 1;  // processes of the engine that worked at the same time
  std::vector<std::vector<int>> process_cores;  // the logical cores that each of them could use
                                                // then, where each was given its own; else empty
  std::optional<int64_t> batch;                 // what --batch made of the inputs' batch dimension
  int64_t number = 1;                           // inferences an experiment
  std::optional<int64_t> repeat;                // experiments asked for
  int64_t warmup = 0;                           // experiments discarded before the first turn
  std::optional<bool> steady;  // whether times had stopped trending then; absent with --warmup
  int64_t dropped = 0;         // experiments discarded later: at the starts of turns, and by the
                               // warm-ups of later starts
  int threads = 1;
  std::string precision;
  std::optional<InForce> in_force;
  uint64_t seed = 0;

  Outcome outcome;
  Verification verification;
  std::optional<double> convert_s;  // absent where the engine reads ONNX itself
  std::optional<double> compile_s;  // absent where nothing was compiled ahead in this run
  std::optional<double> tune_s;     // absent where faster code was not looked for in this run
  std::optional<double> load_s;     // without convert_s, compile_s and tune_s
  std::optional<double> first_run_s;
  std::optional<int64_t> peak_rss_bytes;
  std::vector<double> data;     // seconds of each experiment, in the order measured; in load mode
                                // each request's latency, from its intended start
  std::vector<double> start_s;  // of each experiment, since the first of the run; in load mode
                                // intended
  std::vector<int64_t> block;   // of each experiment; engines of one run share the numbering
  std::vector<int64_t> starts;  // the blocks before which its processes were started
  std::optional<double> cpu_s_per_inference;  // of all the engine's threads
  std::string run_id;                         // shared by the engines that took turns
  std::optional<Stop> stopped;
  std::optional<Interval> p50_interval_s;      // of the median of the blocks' medians, an inference
  std::optional<Placing> placing;              // absent where an engine has no rank
  std::optional<TrafficResult> load;           // in load mode, of an ok result
  std::optional<ThroughputResult> throughput;  // in throughput mode, the same

  Noise noise;         // summed over the turns in `data`
  int64_t blocks = 0;  // measured
  int64_t blocks_disturbed = 0;
  std::string disturbance;  // what disturbed them, in words; of the last of them

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

// Inferences a second: of latency mode 1 / the median latency; of load mode the rate that is
// carried, absent where none is; of throughput mode what the best setting does, absent where none
// keeps the bound. Data must not be empty.
std::optional<double> throughput_per_s(const Result& result);

// Whether more than half of the blocks were disturbed, so that the figures are not to be trusted.
bool is_suspect(const Result& result);

// Why, as one sentence; "" where it is not.
std::string why_suspect(const Result& result);

// Right, and measured undisturbed: what may have a rank.
bool may_be_ranked(const Result& result);

// The percentiles that there are enough samples for, "p50" to "p99" (core/statistics.h). None of a
// load that is not carried, whose latencies are those of the time waited.
std::map<std::string, double> latency_percentiles_s(const Result& result);

}  // namespace dnnbench
