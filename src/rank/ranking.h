// Ranking: which engine is faster, by how much, and how sure that is, from blocks of turns.
// Arithmetic alone: times in, verdict out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "rank/median_interval.h"

namespace dnnbench {

// What was measured of engines that took turns.
struct BlockTable {
  // [engine][block]: the engine's median in that block; NaN where it had no turn in it. All engines
  // have the same number of blocks. A block is a moment of the machine: only times of one block are
  // compared.
  std::vector<std::vector<double>> latency_s;

  // [engine][block]: which of the engine's processes, one after the other, had the turn. Empty:
  // ratios are those of these very processes, not of the engines.
  std::vector<std::vector<size_t>> process;

  size_t size() const { return latency_s.size(); }
};

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

// Which relations a run decides.
enum class Order {
  kBest,  // of each engine to the best: those of pairs of which one may still be the best
  kAll,   // of each pair
};

struct Goal {
  double confidence = 0.99;  // that all relations reported are right
  double precision = 0.03;   // known well enough, decided or not
  Order order = Order::kBest;
  bool until_precise = false;  // to be decided is not enough: a later comparison needs the figure
};

// Where one engine stands.
struct EngineRank {
  Ratio to_best;     // exactly 1 and a tie for the best itself
  size_t place = 1;  // 1 + how many are known to be faster; a tie or what is undecided shares it
};

struct Ranking {
  std::vector<size_t> order;        // the engines, fastest first by estimate
  std::vector<EngineRank> engines;  // by engine
  bool decided = false;             // every pair that the goal's order asks for has its relation
  // Confidence at which every such pair is decided or known well enough, at least; 0 where one is
  // not at any.
  double probability = 0;
};

// a's time in units of b's. Where the table has processes, the interval is one of the engines: few
// starts make it wider (docs/measuring.md, "Restarts"). A start counts where its process has a
// block in common with the other engine. With no block in common, both are compared with `anchor`,
// which then has blocks in common with each; the interval is wider for it.
Ratio ratio_of(const BlockTable& table, size_t a, size_t b, double alpha,
               std::optional<size_t> anchor = std::nullopt);

// Error probability of each pair, so that all pairs together are right with `confidence`
// (Bonferroni). For one engine: 1 - confidence.
double alpha_of_pair(size_t engines, double confidence);

// At least one engine. All intervals hold together with the goal's confidence, however often this
// is called while blocks are added.
Ranking rank(const BlockTable& table, const Goal& goal,
             std::optional<size_t> anchor = std::nullopt);

// Whether a ratio is known well enough though no relation is reported: its interval lies within
// `precision` (0.03: 3 %) of 1 either way, or its ends are as near to each other.
bool is_precise(const Interval& ratio, double precision);

enum class Certainty {
  kOpen,     // further blocks are needed
  kPrecise,  // none are: what is undecided is known well enough
  kDecided,  // none are: every pair with it that is asked for is decided
};

// What is left to measure of an engine.
struct RemainingWork {
  Certainty certainty = Certainty::kDecided;
  // Another process of it may change the report: it is so near to another engine that two
  // processes of one engine may differ by as much.
  bool starts_matter = false;

  friend bool operator==(const RemainingWork&, const RemainingWork&) = default;
};

// Of a process that an engine was restarted as.
struct Process {
  bool starts_matter = true;  // RemainingWork's
  bool is_short = false;      // it computes in milliseconds: such processes differ most
  size_t starts = 1;          // of the engine in these turns so far, with its own
  int64_t blocks = 0;         // that it has taken part in
};

// Whether the engine is to be restarted now: every two blocks where starts matter, so that the
// interval holds what they differ by, and in the end where they don't. What is short has a process
// for each of its first blocks.
bool is_restart_due(const Process& process);

// By engine. An engine alone is known well enough when the ends of its latency's interval are near.
// `alpha` is that of a pair; the goal's confidence is not used.
std::vector<RemainingWork> remaining_work(const BlockTable& table, double alpha, const Goal& goal);

// The interval of one engine's median latency over its blocks.
Interval latency_interval_s(const std::vector<double>& blocks, double alpha);

}  // namespace dnnbench
