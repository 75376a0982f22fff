// What an engine's processes reported about themselves, as far as they got.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocol/load_config.h"
#include "verify/accuracy.h"
#include "verify/verify.h"

namespace dnnbench {

// Of the first start; of several processes the first one's.
struct LoadFacts {
  std::optional<std::string> engine_version;
  std::optional<double> convert_s;    // absent where the engine reads ONNX itself
  std::optional<double> compile_s;    // absent where nothing was compiled ahead in this run
  std::optional<double> tune_s;       // absent where faster code was not looked for in this run
  std::optional<double> load_s;       // without convert_s, compile_s and tune_s
  std::optional<InForce> in_force;    // absent where it did not load
  std::optional<double> first_run_s;  // of one inference
  std::string converted_path;         // what --save-converted kept; empty where nothing was
};

struct EngineFacts {
  LoadFacts load;
  int64_t warmup = 0;          // measurements discarded before the first turn
  std::optional<bool> steady;  // whether times had stopped trending then; absent with --warmup
  int64_t restart_warmup = 0;  // measurements discarded after restarts
  std::vector<std::vector<int>> process_cores;  // the logical cores that each process could use
                                                // where each was given its own; else empty
  std::optional<int64_t> peak_rss_bytes;        // of all its processes together; of all starts the
                                                // largest
  int sessions = 1;           // of dnnbench that its turns are from: more where a run was resumed
  Verification verification;  // the worst of all that were made
  std::optional<Accuracy> accuracy;  // of a variant, beside the f32 model
};

}  // namespace dnnbench
