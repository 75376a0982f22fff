// The words of a run's progress: state in, text out.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "run/progress.h"

namespace dnnbench {

// Where a run is.
struct RunState {
  size_t comparison = 1;           // which one, from 1 on,
  size_t comparisons = 1;          // of so many: models and sizes of the batch
  std::optional<Advance> advance;  // absent before the measuring
  double measuring_s = 0;          // since it began; what was done before is not in `advance`
  std::string step;                // "openvino: loading"; "" for none
  double step_s = 0;               // that it has lasted
};

// One line for a terminal of so many columns, shorter than that: a bar, the time left and the
// interim standing. `colour` adds escapes, which take no columns.
std::string progress_line(const RunState& state, size_t columns, bool colour);

// The same for a log, without a bar.
std::string progress_words(const RunState& state);

// What a log reader would call another phase: the step, or that engines are measured.
std::string phase_of(const RunState& state);

}  // namespace dnnbench
