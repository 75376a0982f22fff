#include "core/mean_interval.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/statistics.h"

namespace dnnbench {
namespace {

constexpr size_t kMaxBatches = 20;

// Student's t, the 97.5th percentile, of 1 to 19 degrees of freedom.
constexpr std::array<double, kMaxBatches - 1> kStudentT{
    12.706205, 4.302653, 3.182446, 2.776445, 2.570582, 2.446912, 2.364624,
    2.306004,  2.262157, 2.228139, 2.200985, 2.178813, 2.160369, 2.144787,
    2.131450,  2.119905, 2.109816, 2.100922, 2.093024};

std::vector<double> batch_means(std::span<const double> values, size_t batches) {
  std::vector<double> means;
  for (size_t j = 0; j < batches; ++j) {
    const size_t begin = j * values.size() / batches;
    const size_t end = (j + 1) * values.size() / batches;
    means.push_back(mean(values.subspan(begin, end - begin)));
  }
  return means;
}

}  // namespace

std::optional<double> mean_interval_half_width(std::span<const double> values) {
  const size_t batches = std::min(values.size(), kMaxBatches);
  if (batches < 2) return std::nullopt;
  const auto count = static_cast<double>(batches);
  const double spread =
      population_std(batch_means(values, batches)) * std::sqrt(count / (count - 1));
  return kStudentT[batches - 2] * spread / std::sqrt(count);
}

}  // namespace dnnbench
