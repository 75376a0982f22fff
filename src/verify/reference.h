// Reference: what a model's outputs should be, and how much a correct engine may differ from them.
// The second is not guessed but measured on the model itself, with runs whose outputs differ for
// legitimate reasons only (probes). The rule and the measurements behind its constants are in
// docs/verifying.md.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/tensor.h"

namespace dnnbench {

// The arithmetic that an output is judged by, finest first.
enum class ToleranceClass { kInteger, kF32, kF16, kBf16, kQuantised };

// The name in JSON: "integer", "f32", "f16", "bf16", "quantised".
std::string_view to_string(ToleranceClass tolerance_class);

// By what share each floating-point element of the inputs is moved: about its last bit in f32, and
// as far as an engine in f32 may be off.
constexpr double kPerturbation = 1e-7;
constexpr double kWidePerturbation = 1e-5;

// The same for arithmetic coarser than f32: what rounding to f16, to bf16 or to 8 bits moves a
// number by at its first step.
double rounding_step(ToleranceClass coarse);

// What rounding may flip in a model none of whose inputs can be moved, so that no probe shows it.
enum class Unprobed {
  kNothing,
  kDiscrete,   // integers and truth values, as of a comparison
  kEveryKind,  // numbers and shapes, too: the model sorts or selects
};

// What the caller ran. Values are in the model's order, one for each of its outputs.
struct ReferenceRuns {
  // The model in its plainest form, in f32. Empty when that failed.
  std::vector<Value> unoptimised;

  // The same model again, in ways that change nothing but the rounding: optimised on the same
  // inputs, and unoptimised on inputs perturbed by kPerturbation, or by a quantised model's
  // rounding_step (two seeds are enough; none where no input is floating-point).
  std::vector<std::vector<Value>> probes;

  // Where an output is discrete, or the model sorts or selects (TopK, NonMaxSuppression): the model
  // unoptimised on inputs perturbed by kWidePerturbation. What flips or jumps then (a tie, two
  // boxes that change places) may do so in an engine.
  std::vector<std::vector<Value>> wide_probes;

  // The same, by the class that an engine is judged by, with inputs perturbed by its rounding_step.
  // Those of kQuantised are needed for every model, and show how far numbers move.
  std::map<ToleranceClass, std::vector<std::vector<Value>>> coarse_probes;

  // Outputs that the user gave; they become the reference instead of `unoptimised`.
  std::optional<std::vector<Value>> expected;

  // The coarsest arithmetic in the model itself: kQuantised for one with quantisation operators,
  // kF16 or kBf16 for one with weights of that type.
  ToleranceClass model_class = ToleranceClass::kF32;

  Unprobed unprobed = Unprobed::kNothing;
  std::vector<std::string> random_operators;  // "RandomNormal (node noise)": never verifiable
  std::string failure;                        // why `unoptimised` is empty, one sentence
};

// How much the numbers beside a tensor's fillers move (parts.h), by their own scale.
struct BesideFillers {
  double magnitude = 0;  // of fillers
  double norm = 0;
  double largest = 0;
};

// How much scores beside boxes in pixels move (parts.h). Their errors are not relative: rounding
// may leave as much of a score of 1e-6 as of one near 1.
struct BesidePixels {
  std::vector<size_t> positions;  // of the scores
  double norm = 0;                // root mean square of what they move by
};

// How much one tensor moves for legitimate reasons.
struct Sensitivity {
  double norm = 0;          // largest relative Euclidean norm of a probe's difference
  double largest = 0;       // largest relative error of one element in a probe (difference.h)
  size_t differing = 0;     // most elements that are not identical in a probe
  std::string instability;  // how a probe differs in more than small numbers
  std::optional<BesideFillers> beside_fillers;  // where no probe changes a filler
  std::optional<BesidePixels> beside_pixels;
};

// Of each tensor of each output.
using Sensitivities = std::vector<std::vector<Sensitivity>>;

struct Reference {
  std::vector<Value> outputs;
  Sensitivities sensitivity;
  std::map<ToleranceClass, Sensitivities> coarse;      // by the class that an engine is judged by
  ToleranceClass probed_class = ToleranceClass::kF32;  // of the model that `sensitivity` is of
  ToleranceClass model_class = ToleranceClass::kF32;   // of the one judged: --versus has others
  bool expected = false;                               // `outputs` were given by the user
  std::string unverifiable;  // one sentence; empty when outputs can be judged
  Unprobed unprobed = Unprobed::kNothing;
};

Reference make_reference(ReferenceRuns runs);

}  // namespace dnnbench
