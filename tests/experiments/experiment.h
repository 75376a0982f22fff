// What all experiments on engines share.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <optional>
#include <string>

#include "core/error.h"
#include "measure/process_engine.h"

namespace dnnbench {

// An engine by the name of its folder.
inline Candidate candidate_of(const std::string& engine, const std::string& provider = "") {
  Candidate candidate;
  candidate.backend = candidate.engine = engine;
  candidate.provider = provider;
  return candidate;
}

// The exit code of an experiment's main: 0, or 1 where it ended by an error, which is printed.
inline int exit_code_of(const std::function<void()>& run) {
  try {
    run();
    return 0;
  } catch (const EngineEnded& ended) {
    fmt::print(stderr, "{}\n", ended.what());
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.what());
  }
  return 1;
}

}  // namespace dnnbench
