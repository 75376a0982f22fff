// What a candidate is called in results: backend_meta and the names of files, as
// docs/results-format.md has them.
#pragma once

#include <string>
#include <vector>

#include "run/candidate.h"
#include "run/options.h"

namespace dnnbench {

// The provider and the settings that are not the default, without those of the mode:
// "cpu-threads=1-precision=bf16". `input_names` are the model's, in its order.
std::string settings_of(const RunOptions& options, const Candidate& candidate,
                        const std::vector<std::string>& input_names);

// The same with those of the mode: "cpu-mode=load-rate=20".
std::string backend_meta_of(const RunOptions& options, const Candidate& candidate,
                            const std::vector<std::string>& input_names);

// "<stem>-quant=0-cpu-onnxruntime-cpu", without ".json": the name of the result and of its log.
// A name beyond 200 bytes is cut and ends with the first eight digits of the meta's SHA-256; a
// model's name beyond 100 bytes likewise.
std::string result_stem(const Candidate& candidate, const std::string& backend_meta);

// The same for a result in this folder. Where that name is taken by the result of another model
// (another SHA-256), which is to be kept, the first eight digits of this model's follow its name:
// "model@1a2b3c4d-quant=0-...".
std::string free_result_stem(const std::string& folder, const std::string& model_sha256,
                             const Candidate& candidate, const std::string& backend_meta);

// With those digits in any case.
std::string result_stem_with_hash(const std::string& model_sha256, const Candidate& candidate,
                                  const std::string& backend_meta);

// Characters that don't belong in a file's name become '_'.
std::string with_safe_characters(std::string text);

}  // namespace dnnbench
