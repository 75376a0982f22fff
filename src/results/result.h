// Result: one run of one model on one candidate. Everything downstream (tables, plots, comparisons)
// reads results alone. Assembled once, by make_result, from what each part of a run learned; the
// file's keys are those of docs/results-format.md (results/result_json.cpp).
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/mode.h"
#include "core/outcome.h"
#include "gpu/gpu.h"
#include "machine/environment.h"
#include "rank/ranking.h"
#include "results/engine_facts.h"
#include "results/measured.h"
#include "results/run_to_run.h"
#include "results/variant_facts.h"
#include "run/candidate.h"

namespace dnnbench {

struct ModelFacts {
  std::string path;                      // absolute
  int64_t size_bytes = 0;                // of the file and its external data
  std::string sha256;                    // of the file
  std::vector<std::string> input_names;  // in the model's order
  std::map<std::string, std::vector<int64_t>> input_shapes;
};

// What is known of a result before its engine starts.
struct Subject {
  ModelFacts model;
  Candidate candidate;
  std::optional<VariantFacts> variant;  // of a quantised form of the model
  int threads = 1;                      // of each process, in effect
  std::string label;                    // among the run's candidates (run/candidate.h)
  std::string backend_meta;             // provider and settings that are not the default
  std::string settings;                 // the same without those of the mode: rate, bound
  Mode mode = Mode::kLatency;
  int64_t number = 1;             // inferences in a measurement
  std::optional<int64_t> repeat;  // measurements asked for
  uint64_t seed = 0;
  Environment environment;
  std::optional<GpuFacts> gpu;  // where it is to run on one that can be used
  std::string instance;
  std::string run_id;       // shared by the candidates of a run
  std::string started_at;   // UTC, "2026-11-23T22:40:07Z"
  std::string output_path;  // of the result's file
  std::string log_path;     // file name of the log beside it; empty where there is none
};

// Where a candidate stands among those that took turns with it.
struct Rank {
  double confidence = 0;       // asked for; all intervals of the run hold together with it
  Order order = Order::kBest;  // which relations were asked for
  size_t engines = 1;          // that were ranked
  size_t place = 1;            // 1 + how many are known to be faster
  bool is_best = false;        // the fastest, by estimate at least
  Ratio to_best;
  double p50_s = 0;      // the best's median times to_best: what its median would be in the best's
                         // blocks, so that candidates that left at different times compare
  bool decided = false;  // every relation asked for
  double probability = 0;  // that all relations reported are right, at least
  std::string anchor;      // where memory did not hold all engines at once: the one that took
                           // turns with everyone; else empty
};

struct Result : Subject {
  Outcome outcome;
  EngineFacts engine;
  Measured measured;
  std::optional<Interval> p50_interval_s;  // of the median of the blocks' medians, per inference
  std::optional<Rank> rank;                // absent where a candidate has none
  std::optional<Acceptance> acceptance;    // where variants are compared
  std::optional<Ratio> to_f32;             // time in units of the same engine's with f32
  std::optional<RunToRun> run_to_run;      // what two runs on this machine differ by, where known
};

// The one place where a result is built. Only an ok outcome keeps samples.
Result make_result(Subject subject, Outcome outcome, EngineFacts engine, Measured measured);

// The file's JSON. Derived numbers (min, mean, percentiles, throughput) are computed here from the
// samples, and only an ok result has any.
nlohmann::ordered_json to_json(const Result& result);

// The machine's part of it.
nlohmann::ordered_json to_json(const Environment& environment);

// Of every sample, in seconds.
std::vector<double> durations_s(const Result& result);

// Seconds for one inference. There must be samples.
double median_latency_s(const Result& result);

// What brings the times of a ranked result to the best's blocks (Rank::p50_s), as the table shows
// them; 1 for others. There must be samples.
double to_blocks_of_best(const Result& result);

// Seconds for one inference as every table shows them: in the best's blocks, so that they agree
// with the ratios and with each other. There must be samples.
double shown_median_s(const Result& result);

// Inferences per second: of latency mode 1 / the median latency; of load mode the rate that is
// sustained, absent where none is; of throughput mode what the best setting does, absent where none
// keeps the bound. There must be samples.
std::optional<double> throughput_per_s(const Result& result);

// Whether more than half of the blocks were disturbed, so that the figures are not to be trusted.
bool is_suspect(const Result& result);

// Why, as one sentence; "" where it is not.
std::string why_suspect(const Result& result);

// Right, and measured undisturbed: what may have a rank. A variant that is not accepted, where
// there is a bound, or can't be, may not.
bool may_be_ranked(const Result& result);

// Whether a result may stand in for the f32 model: f32 always may.
Acceptance accept(const Result& result, const AccuracyBounds& bounds);

// CPU time of all the engine's threads; absent where nothing was measured.
std::optional<double> cpu_s_per_inference(const Result& result);

// The percentiles that there are enough samples for, "p50" to "p99" (core/statistics.h). None of
// traffic that is not sustained, whose latencies are those of the time waited.
std::map<std::string, double> latency_percentiles_s(const Result& result);

// The same as every table shows them (shown_median_s).
std::map<std::string, double> shown_percentiles_s(const Result& result);

}  // namespace dnnbench
