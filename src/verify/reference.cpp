#include "verify/reference.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "verify/compare_values.h"
#include "verify/difference.h"
#include "verify/parts.h"

namespace dnnbench {
namespace {

// A wide probe of numbers that goes this far beyond what the narrow ones foretell has not moved but
// jumped: rows have changed places, a branch was taken the other way.
constexpr double kJump = 10;
constexpr double kLastBit = 0x1p-23;  // of f32: the smallest movement to extrapolate from

constexpr double kSameFiller = 0x1p-20;  // a score may have been added to it

// Numbers beside fillers that move by more are the rounding errors of the large ones.
constexpr double kNoise = 0.05;

// Shapes, flips and NaNs, for any probe. What numbers do is returned; nothing for strings and where
// there is no comparing them.
std::optional<Difference> add_changes(const Tensor& baseline, const Tensor& probe,
                                      Sensitivity& sensitivity) {
  if (probe.type != baseline.type || probe.shape != baseline.shape) {
    sensitivity.instability =
        fmt::format("changes from {} to {}", describe(baseline.type, baseline.shape),
                    describe(probe.type, probe.shape));
    return std::nullopt;
  }
  sensitivity.differing =
      std::max(sensitivity.differing, differing_elements(baseline, probe).size());
  if (baseline.type == DataType::kString) return std::nullopt;
  const std::vector<double> numbers = to_doubles(baseline);
  const Difference moved = difference(numbers, to_doubles(probe), scale_of(numbers));
  if (moved.not_finite_at) sensitivity.instability = "changes between a number and NaN or infinity";
  return moved;
}

// The difference beside fillers; nothing where the probe has others, so that they are none.
std::optional<Difference> moved_beside_fillers(const Tensor& baseline, const Tensor& probe,
                                               double magnitude) {
  const std::vector<double> numbers = to_doubles(baseline), others = to_doubles(probe);
  if (!has_same_fillers(numbers, others, magnitude, kSameFiller)) return std::nullopt;
  return difference_at(numbers, others, positions_below(numbers, magnitude));
}

double moved_beside_pixels(const Tensor& baseline, const Tensor& probe,
                           const BesidePixels& scores) {
  return difference_at(to_doubles(baseline), to_doubles(probe), scores.positions, 1).norm;
}

void add_to_parts(const Tensor& baseline, const Tensor& probe, Sensitivity& sensitivity) {
  if (auto& scores = sensitivity.beside_pixels) {
    scores->norm = std::max(scores->norm, moved_beside_pixels(baseline, probe, *scores));
  }
  auto& beside = sensitivity.beside_fillers;
  if (!beside) return;
  const auto moved = moved_beside_fillers(baseline, probe, beside->magnitude);
  if (!moved || moved->norm > kNoise) return beside.reset();
  beside->norm = std::max(beside->norm, moved->norm);
  beside->largest = std::max(beside->largest, moved->largest);
}

void add_probe(const Tensor& baseline, const Tensor& probe, Sensitivity& sensitivity) {
  const auto moved = add_changes(baseline, probe, sensitivity);
  if (!moved) return;
  sensitivity.norm = std::max(sensitivity.norm, moved->norm);
  sensitivity.largest = std::max(sensitivity.largest, moved->largest);
  add_to_parts(baseline, probe, sensitivity);
}

// `perturbation` of the inputs.
void add_wide_probe(const Tensor& baseline, const Tensor& probe, double perturbation,
                    Sensitivity& sensitivity) {
  const auto moved = add_changes(baseline, probe, sensitivity);
  if (!moved || !is_floating_point(baseline.type)) return;
  const auto look = [&](double norm, double narrow_norm) {
    const double foretold = perturbation / kPerturbation * std::max(kLastBit, narrow_norm);
    if (norm > kJump * foretold) sensitivity.instability = "jumps";
  };
  look(moved->norm, sensitivity.norm);
  if (const auto& scores = sensitivity.beside_pixels) {
    look(moved_beside_pixels(baseline, probe, *scores), scores->norm);
  }
  auto& beside = sensitivity.beside_fillers;
  if (!beside) return;
  const auto moved_beside = moved_beside_fillers(baseline, probe, beside->magnitude);
  if (!moved_beside) return beside.reset();
  look(moved_beside->norm, beside->norm);
}

// Of tensors that no probe has shown yet.
std::vector<Sensitivity> unmoved(const Value& baseline) {
  std::vector<Sensitivity> sensitivity(std::max<size_t>(1, baseline.tensors.size()));
  for (size_t i = 0; i < baseline.tensors.size(); ++i) {
    const Tensor& tensor = baseline.tensors[i];
    if (!is_floating_point(tensor.type)) continue;
    const std::vector<double> numbers = to_doubles(tensor);
    const auto magnitude = filler_magnitude(numbers);
    if (magnitude) sensitivity[i].beside_fillers = BesideFillers{*magnitude};
    std::vector<size_t> scores = scores_beside_pixels(numbers, tensor.shape);
    if (!scores.empty()) sensitivity[i].beside_pixels = BesidePixels{std::move(scores)};
  }
  return sensitivity;
}

template <typename AddTensor>
void add_value(const Value& baseline, const Value& probe, std::vector<Sensitivity>& sensitivity,
               const AddTensor& add_tensor) {
  if (probe.kind != baseline.kind || probe.tensors.size() != baseline.tensors.size()) {
    for (Sensitivity& tensor : sensitivity) {
      tensor.instability = fmt::format("changes its number of tensors from {} to {}",
                                       baseline.tensors.size(), probe.tensors.size());
    }
    return;
  }
  for (size_t i = 0; i < baseline.tensors.size(); ++i) {
    add_tensor(baseline.tensors[i], probe.tensors[i], sensitivity[i]);
  }
}

std::vector<Sensitivity> measure(const ReferenceRuns& runs, size_t output) {
  const Value& baseline = runs.unoptimised[output];
  std::vector<Sensitivity> sensitivity = unmoved(baseline);
  for (const auto& probe : runs.probes) {
    add_value(baseline, probe.at(output), sensitivity, add_probe);
  }
  // A quantised model jumps everywhere, which its class allows for.
  if (runs.model_class == ToleranceClass::kQuantised) return sensitivity;
  for (const auto& probe : runs.wide_probes) {
    add_value(baseline, probe.at(output), sensitivity,
              [](const Tensor& was, const Tensor& is, Sensitivity& of) {
                add_wide_probe(was, is, kWidePerturbation, of);
              });
  }
  return sensitivity;
}

// What the class's probes add to the sensitivity of the model itself. How far they should move is
// foretold by probes in f32 alone.
Sensitivities measure_coarse(const ReferenceRuns& runs, ToleranceClass coarse,
                             Sensitivities sensitivity) {
  const bool foretells = runs.model_class == ToleranceClass::kF32;
  const auto add = [&](const Tensor& was, const Tensor& is, Sensitivity& of) {
    if (coarse == ToleranceClass::kQuantised) return add_probe(was, is, of);
    if (foretells) return add_wide_probe(was, is, rounding_step(coarse), of);
    add_changes(was, is, of);
  };
  for (const auto& probe : runs.coarse_probes.at(coarse)) {
    for (size_t i = 0; i < sensitivity.size(); ++i) {
      add_value(runs.unoptimised[i], probe.at(i), sensitivity[i], add);
    }
  }
  return sensitivity;
}

}  // namespace

std::string_view to_string(ToleranceClass tolerance_class) {
  switch (tolerance_class) {
    case ToleranceClass::kInteger:
      return "integer";
    case ToleranceClass::kF32:
      return "f32";
    case ToleranceClass::kF16:
      return "f16";
    case ToleranceClass::kBf16:
      return "bf16";
    case ToleranceClass::kQuantised:
      return "quantised";
  }
  return "";
}

double rounding_step(ToleranceClass coarse) {
  return coarse == ToleranceClass::kF16 ? 0x1p-11 : 0x1p-8;
}

Reference make_reference(ReferenceRuns runs) {
  Reference reference;
  reference.probed_class = reference.model_class = runs.model_class;
  reference.expected = runs.expected.has_value();
  reference.unprobed = runs.unprobed;
  if (!runs.random_operators.empty()) {
    reference.unverifiable =
        fmt::format("The model draws random numbers: {}.", fmt::join(runs.random_operators, ", "));
  } else if (runs.unoptimised.empty() && !runs.expected) {
    reference.unverifiable = fmt::format("There is no reference to compare with: {}", runs.failure);
  }
  for (size_t i = 0; i < runs.unoptimised.size(); ++i) {
    reference.sensitivity.push_back(measure(runs, i));
  }
  for (const auto& [coarse, probes] : runs.coarse_probes) {
    reference.coarse[coarse] = measure_coarse(runs, coarse, reference.sensitivity);
  }
  reference.outputs = runs.expected ? *std::move(runs.expected) : std::move(runs.unoptimised);
  return reference;
}

}  // namespace dnnbench
