#include "verify/reference.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "verify/compare_values.h"
#include "verify/difference.h"

namespace dnnbench {
namespace {

std::string describe_change(const Tensor& from, const Tensor& to) {
  return fmt::format("changes from {} to {}", describe(from.type, from.shape),
                     describe(to.type, to.shape));
}

void add_probe(const Tensor& baseline, const Tensor& probe, Sensitivity& sensitivity) {
  if (probe.type != baseline.type || probe.shape != baseline.shape) {
    sensitivity.instability = describe_change(baseline, probe);
    return;
  }
  sensitivity.differing =
      std::max(sensitivity.differing, differing_elements(baseline, probe).size());
  if (baseline.type == DataType::kString) return;
  const std::vector<double> numbers = to_doubles(baseline);
  const Difference moved = difference(numbers, to_doubles(probe), scale_of(numbers));
  if (moved.not_finite_at) sensitivity.instability = "changes between a number and NaN or infinity";
  sensitivity.norm = std::max(sensitivity.norm, moved.norm);
  sensitivity.largest = std::max(sensitivity.largest, moved.largest);
}

void add_probe(const Value& baseline, const Value& probe, std::vector<Sensitivity>& sensitivity) {
  if (probe.kind != baseline.kind || probe.tensors.size() != baseline.tensors.size()) {
    for (Sensitivity& tensor : sensitivity) {
      tensor.instability = fmt::format("changes its number of tensors from {} to {}",
                                       baseline.tensors.size(), probe.tensors.size());
    }
    return;
  }
  for (size_t i = 0; i < sensitivity.size(); ++i) {
    add_probe(baseline.tensors[i], probe.tensors[i], sensitivity[i]);
  }
}

bool has_only_numbers(const Value& value) {
  return std::all_of(value.tensors.begin(), value.tensors.end(),
                     [](const Tensor& tensor) { return is_floating_point(tensor.type); });
}

std::vector<Sensitivity> measure(const ReferenceRuns& runs, size_t output) {
  const Value& baseline = runs.unoptimised[output];
  std::vector<Sensitivity> sensitivity(std::max<size_t>(1, baseline.tensors.size()));
  for (const auto& probe : runs.probes) add_probe(baseline, probe.at(output), sensitivity);
  // Numbers move in proportion, which the tolerance allows for already.
  if (has_only_numbers(baseline)) return sensitivity;
  for (const auto& probe : runs.wide_probes) add_probe(baseline, probe.at(output), sensitivity);
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

Reference make_reference(ReferenceRuns runs) {
  Reference reference;
  reference.model_class = runs.model_class;
  reference.expected = runs.expected.has_value();
  if (!runs.random_operators.empty()) {
    reference.unverifiable =
        fmt::format("The model draws random numbers: {}.", fmt::join(runs.random_operators, ", "));
  } else if (runs.unoptimised.empty() && !runs.expected) {
    reference.unverifiable = fmt::format("There is no reference to compare with: {}", runs.failure);
  }
  for (size_t i = 0; i < runs.unoptimised.size(); ++i) {
    reference.sensitivity.push_back(measure(runs, i));
  }
  reference.outputs = runs.expected ? *std::move(runs.expected) : std::move(runs.unoptimised);
  return reference;
}

}  // namespace dnnbench
