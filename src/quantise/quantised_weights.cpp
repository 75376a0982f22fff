#include "quantise/quantised_weights.h"

#include <algorithm>
#include <cmath>

#include "machine/read_environment.h"

namespace dnnbench::quantise {
namespace {

constexpr double kMinMagnitude = 1e-8;  // of a channel; below it all its weights are as good as 0

}  // namespace

int largest_weight(const Environment& environment) {
  return may_overflow_int8_sums(environment) ? 64 : 127;
}

QuantisedWeights quantise_weights(const import::Constant& weights, size_t axis, int largest_weight,
                                  const std::vector<double>& min_scale) {
  const std::vector<double> values = weights.doubles();
  const auto channels = static_cast<size_t>(weights.shape[axis]);
  size_t inner = 1;  // elements of one channel that lie beside each other
  for (size_t i = axis + 1; i < weights.shape.size(); ++i) {
    inner *= static_cast<size_t>(weights.shape[i]);
  }
  std::vector<double> largest(channels, kMinMagnitude);
  for (size_t i = 0; i < values.size(); ++i) {
    double& of_channel = largest[i / inner % channels];
    of_channel = std::max(of_channel, std::fabs(values[i]));
  }
  QuantisedWeights quantised{make_tensor(DataType::kInt8, weights.shape), {}, axis};
  for (size_t c = 0; c < channels; ++c) {
    const double min = min_scale.empty() ? 0 : min_scale[c];
    quantised.scale.push_back(static_cast<float>(std::max(largest[c] / largest_weight, min)));
  }
  const auto bytes = quantised.values.as<int8_t>();
  for (size_t i = 0; i < values.size(); ++i) {
    const double rounded = std::nearbyint(values[i] / quantised.scale[i / inner % channels]);
    bytes[i] = static_cast<int8_t>(std::clamp<double>(rounded, -largest_weight, largest_weight));
  }
  return quantised;
}

}  // namespace dnnbench::quantise
