// Results as they are read back: ours and those of the 2021 tool (docs/results-format.md), from any
// machine. Holds what plans are made of; all the rest of a file is ignored.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/outcome.h"
#include "results/run_to_run.h"
#include "run/labels.h"
#include "verify/verify.h"

namespace dnnbench {

// A number that someone printed or drew, without samples.
struct PublishedFigure {
  enum class Bound { kNone, kAtLeast, kBelow };

  double throughput_per_s = 0;             // of one machine; above 0 where the outcome is ok
  std::optional<double> plus_minus_per_s;  // how exactly it could be read
  Bound bound = Bound::kNone;              // kAtLeast, kBelow: no more is known
};

// One rate of a result in load mode.
struct StoredRate {
  double rate_per_s = 0;
  double p99_s = 0;  // of latency; infinite where the rate is more than the engine can do
};

// What a result in throughput mode found.
struct StoredThroughput {
  double per_s = 0;  // items, of all processes
  std::optional<double> least_per_s;
  std::optional<double> greatest_per_s;
  size_t streams = 1;           // processes
  std::vector<double> times_s;  // of an inference, while all of them work
};

struct StoredResult {
  std::filesystem::path path;
  std::string model;  // file name without folder and ".onnx"
  std::string model_path;
  std::string instance;  // of the JSON, else the folder's name
  std::string backend;
  std::string backend_meta;
  bool quantized = false;
  std::string mode = "latency";  // one request at a time; of another mode no times are read
  std::vector<StoredRate> traffic_rates;       // of load mode: those whose 99th percentile is known
  std::optional<StoredThroughput> throughput;  // of throughput mode
  std::string settings;  // of these two: backend_meta without what is of the mode; else empty
  LabelWords words;      // what its label is made of, among others (run/labels.h)
  Outcome outcome;
  std::string not_accepted;  // why a variant may not stand in for the f32 model; else empty
  Verdict verdict = Verdict::kUnverified;
  bool suspect = false;         // something else used the machine
  int64_t batch = 1;            // items of one inference, where a batch was asked for or chosen
  int64_t number = 1;           // inferences that each of times_s is the mean of
  std::vector<double> times_s;  // of one inference, in the order measured; empty unless ok
  std::vector<double> block;    // of each of them, where the file says; else empty
  std::optional<PublishedFigure> published;
  std::optional<RunToRun> run_to_run;  // what the machine knew of two runs; absent: too little
  bool only_compared_with = false;     // measured only so that others could be compared with it
  std::string input_shapes;            // as JSON text; empty where the file does not say
  std::string model_sha256;            // empty where the file does not say
  std::string architecture;            // "x86_64", "aarch64", or empty
  // What the figures depend on, as JSON texts by name: threads, precision, engine_version, ...,
  // environment.kernel; only what the file says.
  std::map<std::string, std::string> conditions;
  std::string started_at;  // UTC, "2026-11-23T22:40:07Z"; empty in files of 2021
  std::filesystem::file_time_type modified;
};

struct ResultsFolder {
  std::vector<StoredResult> results;  // in the order of their paths
  std::vector<std::string> skipped;   // a sentence for each .json file that is none, and why
};

// All results below a folder, symbolic links to folders not followed. Several threads read; none is
// left at the end. Throws UsageError where the folder itself can't be read.
ResultsFolder read_results(const std::string& folder);

// One file. Throws Error whose text is why it is not a result, as the end of a sentence.
StoredResult read_result(const std::filesystem::path& path);

// One of StoredResult::conditions, as JSON text; "" where the file does not say.
std::string condition(const StoredResult& result, const std::string& name);

}  // namespace dnnbench
