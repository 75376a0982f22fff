// How far the 99th percentile of latencies under traffic can be trusted.
#pragma once

#include <span>

#include "rank/median_interval.h"

namespace dnnbench {

// The 95 % interval of the 99th percentile of `values`, which are in the order of arrival. The
// upper end is infinite, the lower 0, where there are too few to know it. `values` must not be
// empty.
//
// Of independent values the r-th largest bounds the percentile with a binomial probability,
// whatever their distribution (order statistics: David and Nagaraja, *Order Statistics*, 7.1).
// Neighbouring latencies of a queue are not independent: they count as so many fewer as the share
// of values above the 95th percentile spreads over 20 successive batches more than that of
// independent values would (the design effect; Korn and Graubard, Survey Methodology 24, 1998).
// Calibrated by tests/experiments/traffic/simulate.cpp: it covers the truth in 94.5 % of trials and
// more.
Interval p99_interval(std::span<const double> values);

}  // namespace dnnbench
