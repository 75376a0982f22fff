// How the quantised form of a model was made that a candidate was measured on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/outcome.h"

namespace dnnbench {

struct VariantFacts {
  Outcome outcome;              // why there is none
  double make_s = 0;            // simplifying, calibrating and writing it
  bool from_cache = false;      // in an earlier run, which took as long and needed as much memory
  int64_t make_peak_bytes = 0;  // the largest process that took part
  int64_t size_bytes = 0;       // of its file
  std::string calibration;      // "samples" (the user's), "generated", or "" where it needs none
  size_t calibration_samples = 0;
  int64_t products = 0;         // Conv, Gemm and MatMul with constant weights that are in int8
  int64_t products_in_f32 = 0;  // and those that are left in f32
  std::vector<std::string> kept_in_f32;  // of them, those whose error was too large: first outputs
  std::string saved_path;                // what --save-variants kept; "" where nothing was
};

}  // namespace dnnbench
