// The flags that choose engines: --onnxruntime, --openvino=2026.3.1,2026.4.1, ..., and --fake=PART
// for tests.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "run/options.h"

namespace dnnbench {

struct EngineFlag {
  std::string flag;
  Candidate candidate;             // that it asks for; without what other flags say
  std::vector<std::string> given;  // its values, once parsed; "true" for none
};

// In the order in which engines are measured: those of the 2021 tool, whose flags are not all named
// like the engine, then every other engine that this build has, under its own name.
std::vector<EngineFlag> engine_flags();

// `flags` must outlive the parsing.
void add_engine_flags(CLI::App& app, std::vector<EngineFlag>& flags,
                      std::vector<std::string>& fake_parts);

// That the flags ask for, once `app` has parsed; none where there is no engine flag.
std::vector<Candidate> chosen_engines(const CLI::App& app, const std::vector<EngineFlag>& flags,
                                      const std::vector<std::string>& fake_parts);

// Without an engine flag: ONNX Runtime and OpenVINO, or on a GPU ONNX Runtime's CUDA provider, and
// whatever else this build has.
std::vector<Candidate> default_engines(const std::vector<EngineFlag>& flags,
                                       const std::string& device);

// Leaves out of these engines those that say that they can't compute on the device, each asked in a
// process of its own. One that doesn't start stays: its result says why.
void leave_out_unable(RunOptions& options);

}  // namespace dnnbench
