// What is known of a result before its engine starts.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "gpu/gpu.h"
#include "machine/environment.h"
#include "prepare/prepare_model.h"
#include "results/result.h"
#include "run/options.h"

namespace dnnbench {

ModelFacts model_facts(const PreparedModel& prepared);

// What all candidates of a run have in common.
struct RunFacts {
  std::string run_id;
  std::string started_at;
  Environment environment;
  std::optional<GpuFacts> gpu;  // that candidates on a GPU use
};

RunFacts start_run(const Environment& environment, std::optional<GpuFacts> gpu);

// Of each of its processes, where `cores` are shared by all of them.
int threads_of(const Candidate& candidate, int cores);

// `cores` is what candidates without a number of threads use; `taken` are the run's paths that
// other candidates write. Throws UsageError where two models of the same name have the same
// content.
Subject describe(const RunOptions& options, const RunFacts& run, const PreparedModel& prepared,
                 const Candidate& candidate, const std::string& label, int cores,
                 const std::set<std::string>& taken);

}  // namespace dnnbench
