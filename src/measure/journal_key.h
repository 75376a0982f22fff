// What a journal is of: everything that a figure depends on. A run with another key does not go on
// with it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gpu/gpu.h"
#include "machine/environment.h"
#include "prepare/prepare_model.h"
#include "run/options.h"

namespace dnnbench {

// The command line and the files that it names, models with their weight files and the samples that
// their variants are judged by, candidates, this program's and the engines' builds, the machine,
// the cores that may be used, what engines inherit of scheduling and memory policy, the limits of
// the clock, environment variables but those of a session, and the GPU where one is used. One text.
std::string journal_key(const RunOptions& options, const std::vector<Candidate>& candidates,
                        const std::vector<const PreparedModel*>& models,
                        const Environment& environment, const std::optional<GpuFacts>& gpu);

// Of that key, in that folder.
std::string journal_path(const std::string& folder, const std::string& key);

}  // namespace dnnbench
