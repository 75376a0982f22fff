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

// A probe that differs less than by f32's rounding says nothing about how errors spread.
constexpr double kRounding = 0x1p-23;

Sensitivity measure(const Tensor& baseline, const std::vector<const Tensor*>& probes,
                    const std::vector<double>& numbers, double scale) {
  Sensitivity result;
  for (const Tensor* probe : probes) {
    if (probe->type != baseline.type || probe->shape != baseline.shape) {
      result.instability = fmt::format("changes its shape from {} to {}",
                                       describe(baseline.type, baseline.shape),
                                       describe(probe->type, probe->shape));
      return result;
    }
    result.differing = std::max(result.differing, differing_elements(baseline, *probe).size());
    if (baseline.type == DataType::kString) continue;
    const Difference moved = difference(numbers, to_doubles(*probe), scale);
    if (moved.not_finite_at) {
      result.instability = fmt::format("changes between a number and NaN or infinity at {}",
                                       describe_position(*moved.not_finite_at, baseline.shape));
      return result;
    }
    result.norm = std::max(result.norm, moved.norm);
    result.tail = std::max(result.tail, moved.largest / std::max(moved.norm, kRounding));
  }
  return result;
}

std::vector<Sensitivity> measure_output(const std::vector<Value>& baseline, size_t output,
                                        const std::vector<std::vector<Value>>& probes) {
  const Value& value = baseline[output];
  std::vector<Sensitivity> result(value.tensors.size());
  for (const std::vector<Value>& probe : probes) {
    const bool same_structure = probe.size() == baseline.size() &&
                                probe[output].kind == value.kind &&
                                probe[output].tensors.size() == value.tensors.size();
    if (same_structure) continue;
    for (Sensitivity& tensor : result) tensor.instability = "changes its number of tensors";
    return result;
  }
  for (size_t i = 0; i < value.tensors.size(); ++i) {
    std::vector<const Tensor*> same_tensor;
    for (const auto& probe : probes) same_tensor.push_back(&probe[output].tensors[i]);
    const Tensor& tensor = value.tensors[i];
    const bool numeric = tensor.type != DataType::kString;
    const std::vector<double> numbers = numeric ? to_doubles(tensor) : std::vector<double>{};
    result[i] = measure(tensor, same_tensor, numbers, scale_of(numbers));
  }
  return result;
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
    reference.unverifiable = fmt::format("The model draws random numbers: {}.",
                                         fmt::join(runs.random_operators, ", "));
  } else if (runs.unoptimised.empty() && !runs.expected) {
    reference.unverifiable = fmt::format("There is no reference to compare with: {}", runs.failure);
  }
  for (size_t i = 0; i < runs.unoptimised.size(); ++i) {
    reference.sensitivity.push_back(measure_output(runs.unoptimised, i, runs.probes));
  }
  reference.outputs = runs.expected ? *std::move(runs.expected) : std::move(runs.unoptimised);
  return reference;
}

}  // namespace dnnbench
