// The flags that choose engines: --onnxruntime, --openvino=2026.3.1,2026.4.1, ..., and --fake=PART
// for tests.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "run/candidate.h"

namespace dnnbench {

struct EngineFlag {
  std::string flag;
  Candidate candidate;  // that it asks for; without what other flags say
  bool takes_versions = false;
  std::vector<std::string> given;  // its values, once parsed; "true" for none
};

// In the order in which engines are measured: those of the 2021 tool, whose flags are not all named
// like the engine, then every other engine that this build has, under its own name.
std::vector<EngineFlag> engine_flags();

// `flags` must outlive the parsing.
void add_engine_flags(CLI::App& app, std::vector<EngineFlag>& flags,
                      std::vector<std::string>& fake_parts);

// Once `app` has parsed. Without an engine flag: ONNX Runtime, OpenVINO, and whatever else this
// build has; on a GPU ONNX Runtime's CUDA provider and whatever else is installed for GPUs.
std::vector<Candidate> chosen_engines(const CLI::App& app, const std::vector<EngineFlag>& flags,
                                      const std::vector<std::string>& fake_parts,
                                      const std::string& device);

}  // namespace dnnbench
