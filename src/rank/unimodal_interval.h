// An interval for the centre of values that uses how far they lie from it, and holds however often
// it is looked at while values come in.
//
// Signs alone (median_interval.h) can't exclude a centre with fewer than log2(1/alpha) values, not
// even one that is half of all of them: a symmetric distribution may have two peaks. This interval
// assumes that each value, given those before, is drawn symmetrically about the centre and the more
// rarely the farther from it (unimodal); the scale is free, and may differ from value to value. Few
// values that lie close together and far from m then refute m: a unimodal density has at least as
// much mass between them and m as in a window of their width.
//
// Evidence by betting, as in median_interval.h. Before each value the gambler bets on a window
// [a, b] around the median of the values so far. If m <= a is the centre, the value falls into the
// window with probability at most (b - a) / (2 (b - m)): by Khinchine (1938) the distribution is a
// mixture of uniform ones on [m - s, m + s], and no s makes the window more probable. So the bet
// pays 2 (b - m) / (b - a) at fair odds or worse. Windows of several widths and the bet on the sign
// alone share the stake, for both sides of m.
#pragma once

#include <span>

#include "rank/median_interval.h"

namespace dnnbench {

// For logarithms of ratios: windows are some percent wide. `alpha`, in (0, 1), is the error
// probability for all sizes together. Infinite on both sides where too little is known.
Interval unimodal_interval(std::span<const double> values, double alpha);

}  // namespace dnnbench
