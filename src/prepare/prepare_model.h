// Everything about a model that all engines share: its reading, fixed shapes, the same two sets of
// inputs, and the reference that outputs are compared with.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "inputs/given_inputs.h"
#include "onnx/model.h"
#include "onnx/shapes.h"
#include "prepare/accuracy_samples.h"
#include "prepare/reference_check.h"
#include "prepare/simplify_model.h"
#include "process/work_folder.h"
#include "protocol/load_config.h"
#include "results/variant_facts.h"
#include "run/options.h"
#include "run/progress.h"
#include "verify/reference.h"

namespace dnnbench {

// One set of inputs, as a file for the engines, with what an engine should answer.
struct Examination {
  std::string inputs_file;  // protocol/value_file.h, in the work folder
  Reference reference;
};

struct PreparedModel {
  Model model;
  int64_t size_bytes = 0;  // the file and its external data
  std::string sha256;      // of the file
  LoadConfig load;         // but for what a candidate adds: provider, precision, threads
  // Two sets, which alternate while an engine is timed, so that one that repeats an old answer is
  // found out.
  std::vector<Examination> examinations;
  std::shared_ptr<ModelSimplifier> simplifier;      // for the engines that import
  std::shared_ptr<ReferenceCheck> reference_check;  // absent where the reference failed
  std::optional<SecondOpinion> second_opinion;      // of a sample, likewise
  std::shared_ptr<const AccuracySamples> samples;   // where variants are compared
  std::optional<VariantFacts> variant;  // of a quantised form (quantise/variant_maker.h)
};

// Whether ONNX Runtime really runs the model on inputs of these shapes: one run in a process of its
// own. Otherwise why not.
std::optional<std::string> why_not_accepted(const Model& model, const InputShapes& shapes,
                                            const GivenInputs& given, const WorkFolder& work);

// Sizes for the model's open dimensions; those that have to be chosen are tried on ONNX Runtime in
// a process of its own. Throws as choose_sizes does.
ResolvedShapes fix_shapes(const Model& model, const InputShapes& user_shapes,
                          const GivenInputs& given, const WorkFolder& work,
                          std::optional<int64_t> batch = std::nullopt);

// Throws Error for what the user must fix: --shape, --input, --test-data. A reference that fails
// makes the examinations unverifiable, not an error. `judged_by`: the classes that candidates and
// models compared with it are judged by, where that isn't the model's own.
PreparedModel prepare_model(const RunOptions& options, Model read, std::optional<int64_t> batch,
                            int threads, const WorkFolder& work, Progress& progress,
                            const std::set<ToleranceClass>& judged_by = {});

// A model that is compared with one already prepared: on its inputs and samples, judged by its
// reference, with the tolerance of the coarser arithmetic of the two. `judged_by` as above. Throws
// UsageError where it can't take them.
PreparedModel prepare_other_model(const RunOptions& options, Model read, const PreparedModel& first,
                                  const WorkFolder& work, Progress& progress,
                                  const std::set<ToleranceClass>& judged_by);

}  // namespace dnnbench
