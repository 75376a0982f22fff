// Names of result files, and writing them so that a file is there whole or not at all.
#pragma once

#include <string>
#include <vector>

#include "results/result.h"

namespace dnnbench {

// Settings of a run that are not the default, "threads=1", in the order of docs/results-format.md,
// put after the engine's variant: "cpu-threads=1-precision=bf16". Characters that don't belong in
// a file's name become '_'.
std::string backend_meta(const std::string& variant, const std::vector<std::string>& settings);

// "<stem>-quant=0-cpu-onnxruntime-cpu", without ".json": the name of the result and of its log.
// A name beyond 200 bytes is cut and ends with the first eight digits of the meta's SHA-256; a
// model's name beyond 100 bytes likewise.
std::string result_stem(const std::string& model_path, const std::string& device,
                        const std::string& backend, const std::string& meta);

// The same for a result in this folder. Where that name is taken by the result of another model
// (another SHA-256), which is to be kept, the first eight digits of this model's follow its name:
// "model@1a2b3c4d-quant=0-...".
std::string free_result_stem(const std::string& folder, const std::string& model_sha256,
                             const std::string& model_path, const std::string& device,
                             const std::string& backend, const std::string& meta);

// Where write_result writes before it renames.
std::string unfinished_path(const std::string& output_path);

// Writes result.output_path: a temporary file in the same folder, fsync, rename. Throws Error when
// that fails; an earlier file of that name then is untouched.
void write_result(const Result& result);

}  // namespace dnnbench
