// The reference of each set of inputs: ONNX Runtime's plainest form in f32, in processes of its
// own, and the probes that show how much a correct engine may differ (verify/reference.h).
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/tensor.h"
#include "machine/environment.h"
#include "onnx/model.h"
#include "process/work_folder.h"
#include "protocol/load_config.h"
#include "run/progress.h"
#include "verify/reference.h"

namespace dnnbench {

struct InputSet {
  std::vector<Value> inputs;
  std::string file;                            // the same, for the engines
  std::optional<std::vector<Value>> expected;  // outputs that the user gave
};

// The coarsest arithmetic in the model itself.
ToleranceClass class_of_model(const Model& model);

// What rounding may flip in its outputs unseen, if none of its inputs is floating-point.
Unprobed unprobed_of(const Model& model);

// Of 16 bits, f16 or bf16.
bool is_half(ToleranceClass judged);

// The classes that outputs of that model may be judged by (verify/verify.h) where `precision` is
// asked for, a candidate's.
std::set<ToleranceClass> classes_judged_by(const Model& model, const std::string& precision);

// Whether ONNX Runtime may compute its products of 8-bit integers wrong here: on an x86 processor
// without instructions for them it adds two in 16 bits, which overflow.
bool may_overflow(const Model& model, const Environment& environment);

// One reference per set, to judge engines by classes of `judged_by` or the model's own. A failure
// of ONNX Runtime makes them unverifiable and says why. Where it fails over the model only when it
// optimises, sets config.original_fails if config.inlined_path helps.
std::vector<Reference> compute_references(const Model& model, LoadConfig& config,
                                          const std::vector<InputSet>& sets,
                                          const std::set<ToleranceClass>& judged_by,
                                          double timeout_s, const WorkFolder& work,
                                          Progress& progress);

}  // namespace dnnbench
