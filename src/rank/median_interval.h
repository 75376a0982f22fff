// An interval for a median that holds however often it is looked at while values come in.
//
// Evidence by betting: if m is the median, each value lies below it with probability 1/2, whatever
// came before. A gambler who bets on those signs at fair odds, his stake spread over all biases p
// by a Beta(1/2, 1/2) prior, has after n values, s of them below m, the capital
//     2^n B(s + 1/2, n - s + 1/2) / B(1/2, 1/2).
// That is a non-negative martingale that starts at 1, so with probability 1 - alpha it never in all
// time reaches 1/alpha (Ville's inequality). The m under which it has stayed below form the
// interval; its ends are two of the values. The mixture is that of Robbins (1970), "Statistical
// methods related to the law of the iterated logarithm"; the inversion to a quantile is that of
// Howard and Ramdas (2022), "Sequential estimation of quantiles with applications to A/B testing
// and best-arm identification", Bernoulli 28(3), https://arxiv.org/abs/1906.09712.
//
// Nothing is assumed of the values' distribution: outliers and heavy tails only make it wider.
#pragma once

#include <cstddef>
#include <span>

namespace dnnbench {

struct Interval {
  double low = 0;
  double high = 0;

  bool holds(double value) const { return low <= value && value <= high; }
  bool is_within(double min, double max) const { return low >= min && high <= max; }
};

// The natural logarithm of the gambler's capital when `below` of `count` values lie below m.
double log_evidence(size_t below, size_t count);

// The median's interval with error probability `alpha`, in (0, 1), for all sizes together. Where
// there are too few values to say anything, it is infinite on both sides.
Interval median_interval(std::span<const double> values, double alpha);

// The smallest number of values with which median_interval is finite.
size_t min_values(double alpha);

}  // namespace dnnbench
