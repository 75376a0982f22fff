// Outputs of models, and references, made up for tests.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "verify/verify.h"

namespace dnnbench {

inline Value numbers(DataType type, std::vector<int64_t> shape, const std::vector<double>& values,
                     const std::string& name = "scores") {
  Tensor tensor = make_tensor(type, std::move(shape));
  from_doubles(values, tensor);
  return make_value(name, std::move(tensor));
}

inline Value floats(const std::vector<double>& values, const std::string& name = "scores") {
  return numbers(DataType::kFloat32, {static_cast<int64_t>(values.size())}, values, name);
}

inline std::vector<double> normal_values(size_t count, uint64_t seed) {
  std::mt19937_64 generator(seed);
  std::normal_distribution<double> normal;
  std::vector<double> values(count);
  for (double& value : values) value = static_cast<float>(normal(generator));
  return values;
}

inline std::vector<double> rounded_to(DataType type, const std::vector<double>& values) {
  Tensor tensor = make_tensor(type, {static_cast<int64_t>(values.size())});
  from_doubles(values, tensor);
  return to_doubles(tensor);
}

// Each value off by `relative` times the values' root mean square times a normal number.
inline std::vector<double> shaken(std::vector<double> values, double relative, uint64_t seed) {
  const std::vector<double> noise = normal_values(values.size(), seed);
  double squares = 0;
  for (const double value : values) squares += value * value;
  const double scale = std::sqrt(squares / static_cast<double>(values.size()));
  for (size_t i = 0; i < values.size(); ++i) values[i] += relative * scale * noise[i];
  return values;
}

inline Reference reference_of(std::vector<Value> outputs,
                              std::vector<std::vector<Value>> probes = {},
                              ToleranceClass model_class = ToleranceClass::kF32) {
  ReferenceRuns runs;
  runs.unoptimised = std::move(outputs);
  runs.probes = std::move(probes);
  runs.model_class = model_class;
  return make_reference(std::move(runs));
}

inline Verdict verdict_on(const Reference& reference, const Value& output,
                          ToleranceClass requested = ToleranceClass::kF32) {
  return verify(reference, {output}, requested).verdict;
}

}  // namespace dnnbench
