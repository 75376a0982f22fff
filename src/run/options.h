// Options: what the user asked for. Made by cli/parse_run_options.h; everything after it reads this
// and not argv.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/mode.h"
#include "run/candidate.h"

namespace dnnbench {

// One request at a time, candidates in turns.
struct LatencyOptions {
  std::optional<int64_t> repeat;  // measurements; absent: the budget decides
  int64_t number = 1;             // inferences in a measurement
};

// Requests that come at random, at a rate or at the highest one that keeps a bound: one of the two.
struct TrafficOptions {
  std::optional<double> rate_per_s;
  std::optional<double> slo_p99_s;  // of latency
  std::optional<int64_t> repeat;    // requests; absent: the budget decides
};

// Several processes without a pause; the setting with the highest throughput is looked for.
struct ThroughputOptions {
  std::optional<double> slo_p99_s;  // of one inference
  int streams = 0;                  // processes; 0: what gives the highest throughput
  std::vector<int> threads;         // of each process, to be tried; empty: what the cores hold
  std::vector<int64_t> batches;     // to be tried; empty: 1, 2, 4, ... while that does more
};

// A share as the user wrote it: "5%" is {"5%", 0.05}.
struct Percentage {
  std::string text;
  double share = 0;
};

struct RunOptions {
  // Measured one after the other; the candidates of each take turns.
  std::vector<std::vector<Candidate>> comparisons;
  bool engines_asked_for = false;  // by flags; otherwise the candidates are all engines there are
  std::variant<LatencyOptions, TrafficOptions, ThroughputOptions> mode;
  std::optional<int64_t> warmup;   // measurements discarded; absent: until they are steady
  double budget_s = 20;            // of measuring, per candidate; at most
  double confidence = 0.99;        // that all relations reported are right
  double precision_target = 0.03;  // a ratio known so closely is known well enough
  bool whole_order = false;        // --order=all: not only how much slower than the best each is
  // Whether being decided is not enough: every ratio is to be known that closely.
  bool until_precise = false;
  std::optional<std::string> against;    // --against FOLDER
  std::optional<Percentage> fail_above;  // --fail-above
  std::string output = "./results";
  std::map<std::string, std::vector<int64_t>> shapes;  // --shape NAME=DIMS
  std::map<std::string, std::string> inputs;           // --input NAME=FILE or NUMBER
  std::optional<std::string> test_data;                // --test-data DIR
  uint64_t seed = kDefaultSeed;
  std::string gpu;           // --gpu: index or UUID; "" the first
  double timeout_s = 300;    // for each step of an engine
  double tune_budget_s = 0;  // for an engine that can look for faster code; beside timeout_s
  std::optional<std::string> instance;
  std::optional<std::string> save_converted;  // folder for converted models
  bool variants = false;  // several precisions are compared (--variants, --quantize)
  std::optional<std::string> calibration;     // folder of samples (inputs/samples.h)
  std::optional<std::string> labels;          // .npy file: the right classes of the samples
  int top = 1;                                // a class is right among so many largest scores
  std::optional<std::string> metric_command;  // instead (prepare/metric_command.h)
  std::optional<double> max_error;            // of a variant that is accepted
  std::optional<double> max_drop;             // likewise: of the share of right classes
  std::optional<std::string> save_variants;   // folder for quantised models

  static constexpr uint64_t kDefaultSeed = 0;

  const LatencyOptions* latency() const { return std::get_if<LatencyOptions>(&mode); }
  const TrafficOptions* traffic() const { return std::get_if<TrafficOptions>(&mode); }
  const ThroughputOptions* throughput() const { return std::get_if<ThroughputOptions>(&mode); }
};

inline Mode mode_of(const RunOptions& options) {
  if (options.traffic() != nullptr) return Mode::kTraffic;
  return options.throughput() != nullptr ? Mode::kThroughput : Mode::kLatency;
}

// Inferences in a measurement.
inline int64_t number_of(const RunOptions& options) {
  return options.latency() != nullptr ? options.latency()->number : 1;
}

// Measurements or requests that were asked for.
inline std::optional<int64_t> repeat_of(const RunOptions& options) {
  if (options.latency() != nullptr) return options.latency()->repeat;
  return options.traffic() != nullptr ? options.traffic()->repeat : std::nullopt;
}

}  // namespace dnnbench
