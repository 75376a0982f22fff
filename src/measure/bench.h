// One comparison, from model files to written results: read and prepare the models, load each
// candidate's engine in processes of its own, measure them in turns, write each result as soon as
// its engine has ended, and all once more when their order is known.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "measure/surroundings.h"
#include "results/result.h"
#include "run/options.h"
#include "run/progress.h"

namespace dnnbench {

struct Bench {
  // One per candidate, in their order, each already written to options.output; after an interrupt
  // those that were measured by then.
  std::vector<Result> results;

  // A sentence for each of them that could not be written.
  std::vector<std::string> not_stored;

  // The file from which the same command goes on (measure/journal.h). Whoever has run all of a
  // command removes it: until then a later command repeats nothing of this.
  std::string journal;

  // Index of the result that took turns with every other of the last groups, where memory did not
  // hold all at once.
  std::optional<size_t> anchor;
};

// Whatever an engine does is an outcome in its result. Throws Error for what the user must fix (the
// model, shapes, inputs, the output folder), and Interrupted where nothing was measured by then.
Bench bench(const RunOptions& options, const std::vector<Candidate>& candidates, Progress& progress,
            const Surroundings& surroundings = {});

}  // namespace dnnbench
