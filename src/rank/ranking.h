// Ranking: which engine is faster, by how much, and how sure that is, from blocks of turns.
// Arithmetic alone: times in, verdict out.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "rank/median_interval.h"

namespace dnnbench {

// latency_s[engine][block]: the engine's median in that block; NaN where it had no turn in it. All
// engines have the same number of blocks. A block is a moment of the machine: only times of one
// block are compared.
using BlockTable = std::vector<std::vector<double>>;

// Ratios nearer to 1 than this are called a tie. It is also the smallest difference that is
// reported: two processes of the same program may differ by about as much for as long as they live
// (docs/decisions/0027-call-a-difference-from-one-percent.md).
inline constexpr double kTie = 0.01;

// By where the interval of the ratio lies.
enum class Relation {
  kFaster,     // below the tie zone, [1 / (1 + kTie), 1 + kTie]
  kSlower,     // above it
  kTie,        // inside
  kUndecided,  // across one of its ends
};

Relation relation_of(const Interval& ratio);

// One engine's time in units of another's.
struct Ratio {
  double value = 1;  // the median of the blocks' ratios
  Interval interval{1, 1};
  Relation relation = Relation::kTie;
};

// Where one engine stands.
struct EngineRank {
  Ratio to_best;     // exactly 1 and a tie for the best itself
  size_t place = 1;  // 1 + how many are known to be faster; a tie or what is undecided shares it
};

struct Ranking {
  std::vector<size_t> order;        // the engines, fastest first by estimate
  std::vector<EngineRank> engines;  // by engine
  bool decided = false;             // every pair has its relation
  // At least so probable is it that all relations told are right; 0 where some is undecided at any
  // confidence.
  double probability = 0;
};

// a's time in units of b's. With no block in common, both are compared with `anchor`, which then
// has blocks in common with each; the interval is wider for it.
Ratio ratio_of(const BlockTable& table, size_t a, size_t b, double alpha,
               std::optional<size_t> anchor = std::nullopt);

// Error probability of each pair, so that all pairs together are right with `confidence`
// (Bonferroni). For one engine: 1 - confidence.
double alpha_of_pair(size_t engines, double confidence);

// At least one engine. All intervals hold together with probability `confidence`, however often
// this is called while blocks are added.
Ranking rank(const BlockTable& table, double confidence,
             std::optional<size_t> anchor = std::nullopt);

enum class Certainty {
  kOpen,     // further blocks are needed
  kPrecise,  // none are: what is undecided is known well enough
  kDecided,  // none are: every pair with it is decided
};

// By engine, how much is known. A pair is known well enough when the ends of its
// ratio's interval are nearer than `precision` (0.01: 1 % apart); an engine alone when those of its
// latency's are. `alpha` is that of a pair.
std::vector<Certainty> certainty(const BlockTable& table, double alpha, double precision);

// The interval of one engine's median latency over its blocks.
Interval latency_interval_s(const std::vector<double>& blocks, double alpha);

}  // namespace dnnbench
