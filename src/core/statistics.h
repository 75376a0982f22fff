// Summaries of measured values, in the values' own unit. None of the functions takes an empty span.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace dnnbench {

double min(std::span<const double> values);
double max(std::span<const double> values);
double mean(std::span<const double> values);
double population_std(std::span<const double> values);  // divided by n, not n - 1

// The mean of the middle two for an even count.
double median(std::span<const double> values);

// The nearest-rank percentile: sorted, the ceil(percent / 100 * n)-th of n, always a value that was
// measured; but 50 is the median as above. `percent` is in [1, 100].
double percentile(std::span<const double> values, int percent);

inline constexpr size_t kMinSamplesForP99 = 459;  // values that the 99th percentile takes

// Which of the percentiles 50, 90, 95 and 99 that many values can support: the 50th always, the
// 90th from 64, the 95th from 90, the 99th from kMinSamplesForP99.
//
// Of 459 values the largest lies above the true 99th percentile with a confidence of 99 %
// (0.99^459 < 0.01), of 90 above the 95th; 64 is the same for the 90th with one value allowed above
// it. This is MLPerf's early stopping with confidence 0.99 and tolerance 0:
// https://github.com/mlcommons/inference_policies/blob/master/inference_rules.adoc
std::vector<int> percentiles_supported(size_t count);

}  // namespace dnnbench
