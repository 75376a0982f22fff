#include "measure/rounds.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "core/statistics.h"
#include "machine/disturbance.h"
#include "rank/turns.h"

namespace dnnbench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kRepeatTurn_s = 0.3;     // with --repeat: about so long a turn,
constexpr int64_t kMinRepeatBlocks = 16;  // but at least so many blocks
// What differs from start to start would pass for the engine's, and the interval would not hold it,
// with more blocks of one start than this (docs/measuring.md, "Restarted").
constexpr int64_t kBlocksOfAStart = 2;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// What is known of one block: its place in the sequence, and whether something disturbed it.
struct Block {
  int64_t number = 0;
  int64_t slot = 0;  // with --repeat: which of the planned blocks; a disturbed one is repeated
  std::string disturbance;  // "" for a clean one
};

struct Taken {
  size_t block = 0;  // index into Group::blocks_
  Turn turn;
};

struct Player {
  Contestant* contestant = nullptr;
  std::vector<Taken> turns;
  bool plays = true;
  int64_t blocks_of_start = 0;
  double starting_s = 0;  // that starting it anew has taken so far
};

// The engines of one call of Rounds::measure.
class Group {
 public:
  Group(const RunOptions& options, const BenchSettings& settings, Progress& progress,
        const std::function<void(Result&)>& ended, std::vector<Contestant>& contestants,
        int64_t first_block)
      : options_(options),
        settings_(settings),
        progress_(progress),
        ended_(ended),
        first_block_(first_block) {
    for (Contestant& contestant : contestants) {
      players_.push_back({&contestant});
      // An anchor of an earlier group is the process that it was.
      if (contestant.result->starts.empty()) contestant.result->starts = {first_block};
    }
  }

  void keep_first() { kept_ = &players_.front(); }
  int64_t blocks() const { return static_cast<int64_t>(blocks_.size()); }

  void measure_until_decided(double alpha) {
    double left_s = options_.budget_s;  // of measuring, an engine
    const auto least_blocks = static_cast<int64_t>(least_values(alpha));
    while (!playing().empty()) {
      restart(least_blocks);
      if (playing().empty()) break;
      const auto engines = static_cast<double>(playing().size());
      report(left_s * engines);
      const auto start = Clock::now();
      measure_block(blocks(), std::nullopt);
      dismiss_decided(alpha);
      left_s -= seconds_since(start) / engines;
      if (left_s <= 0) finish_all(Stop::kBudget);
    }
  }

  void measure_repeatedly(int64_t repeat) {
    const int64_t planned = planned_blocks(repeat);
    int64_t spare = planned;
    for (int64_t slot = 0; slot < planned && !playing().empty(); ++slot) {
      const int64_t experiments = repeat * (slot + 1) / planned - repeat * slot / planned;
      do {
        restart(planned);
        if (playing().empty()) break;
        report(remaining_s(planned - slot, experiments));
        measure_block(slot, experiments);
      } while (!blocks_.back().disturbance.empty() && spare-- > 0);
    }
    finish_all(Stop::kRepeat);
  }

  // Of the first experiment.
  std::optional<double> started_s() const { return started_s_; }
  void set_started(std::optional<double> started_s) { started_s_ = started_s; }

 private:
  std::vector<Player*> playing() {
    std::vector<Player*> playing;
    for (Player& player : players_) {
      if (player.plays) playing.push_back(&player);
    }
    return playing;
  }

  int64_t planned_blocks(int64_t repeat) {
    double slowest_s = 0;
    for (const Player* player : playing()) {
      slowest_s = std::max(slowest_s, player->contestant->bench->expected_s());
    }
    const double by_time = std::ceil(static_cast<double>(repeat) * slowest_s / kRepeatTurn_s);
    const auto most = static_cast<double>(repeat);
    return static_cast<int64_t>(
        std::clamp(by_time, std::min(most, static_cast<double>(kMinRepeatBlocks)), most));
  }

  // Those whose time has come, before the next block.
  void restart(int64_t least_blocks) {
    for (Player* player : playing()) {
      if (!may_restart(*player, least_blocks)) continue;
      EngineBench& bench = *player->contestant->bench;
      const auto start = Clock::now();
      try {
        bench.restart();
        bench.pause();
      } catch (const EngineEnded& end) {
        drop_out(*player, end.outcome);
        continue;
      }
      player->starting_s += seconds_since(start);
      player->blocks_of_start = 0;
      player->contestant->result->starts.push_back(first_block_ + blocks());
    }
  }

  // As often as the budget of starting allows, which is as large as that of measuring; where that
  // is seldom, spread over the least blocks that a verdict needs. Never where memory would not hold
  // it beside the others: an engine that was measured must not end for that.
  bool may_restart(const Player& player, int64_t least_blocks) {
    const EngineBench& bench = *player.contestant->bench;
    if (player.blocks_of_start < kBlocksOfAStart) return false;
    if (player.starting_s + bench.start_s() > options_.budget_s) return false;
    const auto starts = 1 + static_cast<int64_t>(options_.budget_s / bench.start_s());
    if (player.blocks_of_start < least_blocks / starts) return false;
    const int64_t free = settings_.free_memory_bytes();
    return free == 0 || free > bench.peak_rss_bytes();
  }

  double remaining_s(int64_t blocks, int64_t experiments) {
    double block_s = 0;
    for (const Player* player : playing()) {
      block_s += player->contestant->bench->expected_s() * static_cast<double>(experiments);
    }
    return block_s * static_cast<double>(blocks);
  }

  void measure_block(int64_t slot, std::optional<int64_t> experiments) {
    const std::vector<Player*> active = playing();
    if (active.size() != order_of_) {
      orders_ = balanced_orders(active.size());
      order_of_ = active.size();
      next_order_ = 0;
    }
    blocks_.push_back({first_block_ + blocks(), slot, ""});
    for (const size_t index : orders_[next_order_]) take_turn(*active[index], experiments);
    next_order_ = (next_order_ + 1) % orders_.size();
  }

  size_t examination(size_t block) const { return block % 2; }

  void take_turn(Player& player, std::optional<int64_t> experiments) {
    EngineBench& bench = *player.contestant->bench;
    const size_t block = blocks_.size() - 1;
    try {
      Turn turn = bench.take_turn(examination(block), experiments);
      // Seldom, for a check takes as long as a turn where outputs are large.
      const bool is_power_of_two = (blocks_.size() & block) == 0;
      if (is_power_of_two) bench.verify_again(examination(block));
      bench.pause();
      if (!started_s_) started_s_ = turn.start_s.front();
      const std::string disturbed_by = disturbance(turn.noise);
      if (!disturbed_by.empty()) blocks_.back().disturbance = disturbed_by;
      player.turns.push_back({block, std::move(turn)});
      ++player.blocks_of_start;
    } catch (const EngineEnded& end) {
      drop_out(player, end.outcome);
    }
  }

  BlockTable clean_table(const std::vector<Player*>& players) const {
    BlockTable table(players.size(), std::vector<double>(blocks_.size(), kNaN));
    for (size_t i = 0; i < players.size(); ++i) {
      for (const Taken& taken : players[i]->turns) {
        if (blocks_[taken.block].disturbance.empty()) {
          table[i][taken.block] = median(taken.turn.duration_s);
        }
      }
    }
    return table;
  }

  // Those that have left early still count: what is undecided may be so with one of them.
  void dismiss_decided(double alpha) {
    std::vector<Player*> measured;
    for (Player& player : players_) {
      if (player.plays || player.contestant->result->stopped) measured.push_back(&player);
    }
    if (measured.empty()) return;
    const std::vector<Need> needed = needs(clean_table(measured), alpha, options_.precision_target);
    for (size_t i = 0; i < measured.size(); ++i) {
      if (!measured[i]->plays || needed[i] == Need::kMore) continue;
      finish(*measured[i], needed[i] == Need::kDecided ? Stop::kDecided : Stop::kPrecise);
    }
  }

  void finish_all(Stop stop) {
    for (Player* player : playing()) finish(*player, stop);
  }

  void finish(Player& player, Stop stop) {
    player.plays = false;
    try {
      player.contestant->bench->verify_again(examination(player.turns.back().block));
      player.contestant->bench->pause();
    } catch (const EngineEnded& end) {
      return drop_out(player, end.outcome);
    }
    player.contestant->result->stopped = stop;
    keep_data(player);
    if (&player == kept_) return;
    player.contestant->bench.reset();
    ended_(*player.contestant->result);
  }

  void drop_out(Player& player, const Outcome& outcome) {
    player.plays = false;
    player.contestant->result->outcome = outcome;
    player.contestant->bench.reset();
    ended_(*player.contestant->result);
  }

  // Clean blocks, or all where most were disturbed. With --repeat one block a slot: the last one
  // measured, which is the clean one where there is any.
  std::set<size_t> blocks_to_keep(const Player& player) const {
    std::map<int64_t, size_t> last_of_slot;
    std::set<size_t> clean, all;
    for (const Taken& taken : player.turns) {
      const Block& block = blocks_[taken.block];
      last_of_slot[block.slot] = taken.block;
      all.insert(taken.block);
      if (block.disturbance.empty()) clean.insert(taken.block);
    }
    if (!options_.repeat) return 2 * clean.size() < all.size() ? all : clean;
    std::set<size_t> last;
    for (const auto& [slot, block] : last_of_slot) last.insert(block);
    return last;
  }

  void keep_data(Player& player) const {
    Result& result = *player.contestant->result;
    const std::set<size_t> keep = blocks_to_keep(player);
    double cpu_s = result.cpu_s_per_inference.value_or(0) * inferences(result);
    for (const Taken& taken : player.turns) {
      const Block& block = blocks_[taken.block];
      ++result.blocks;
      if (!block.disturbance.empty()) {
        ++result.blocks_disturbed;
        result.disturbance = block.disturbance;
      }
      if (keep.count(taken.block) == 0) continue;
      add(result.noise, taken.turn.noise);
      cpu_s += taken.turn.cpu_s;
      for (size_t i = 0; i < taken.turn.duration_s.size(); ++i) {
        result.data.push_back(taken.turn.duration_s[i]);
        result.start_s.push_back(taken.turn.start_s[i] - *started_s_);
        result.block.push_back(block.number);
      }
    }
    result.cpu_s_per_inference = cpu_s / inferences(result);
  }

  static double inferences(const Result& result) {
    return static_cast<double>(result.number) * static_cast<double>(result.data.size());
  }

  void report(double left_s) {
    const std::vector<Player*> active = playing();
    if (active.empty()) return;
    std::string who = active[0]->contestant->result->backend;
    if (active.size() > 1) who += " and " + std::to_string(active.size() - 1) + " more";
    const double most_s = std::max(0.0, left_s);
    if (options_.repeat) {
      progress_.step(who, "measuring", most_s);
    } else {
      progress_.step(who, fmt::format("measuring (at most {:.0f} s)", most_s), std::nullopt);
    }
  }

  const RunOptions& options_;
  const BenchSettings& settings_;
  Progress& progress_;
  const std::function<void(Result&)>& ended_;
  std::vector<Player> players_;
  const Player* kept_ = nullptr;
  int64_t first_block_ = 0;
  std::vector<Block> blocks_;
  std::vector<std::vector<size_t>> orders_;
  size_t order_of_ = 0;
  size_t next_order_ = 0;
  std::optional<double> started_s_;
};

}  // namespace

void Rounds::measure(std::vector<Contestant>& contestants, size_t engines, bool keep_first) {
  Group group(options_, settings_, progress_, ended_, contestants, next_block_);
  group.set_started(started_s_);
  if (keep_first) group.keep_first();
  if (options_.repeat) {
    group.measure_repeatedly(*options_.repeat);
  } else {
    group.measure_until_decided(alpha_of_pair(engines, options_.confidence));
  }
  started_s_ = group.started_s();
  next_block_ += group.blocks();
}

BlockTable block_table(const std::vector<const Result*>& results) {
  std::map<int64_t, size_t> column;
  for (const Result* result : results) {
    for (const int64_t block : result->block) column.emplace(block, 0);
  }
  size_t columns = 0;
  for (auto& [block, index] : column) index = columns++;
  BlockTable table(results.size(), std::vector<double>(columns, kNaN));
  for (size_t i = 0; i < results.size(); ++i) {
    std::map<int64_t, std::vector<double>> times;
    for (size_t k = 0; k < results[i]->data.size(); ++k) {
      times[results[i]->block[k]].push_back(results[i]->data[k]);
    }
    for (const auto& [block, durations] : times) {
      table[i][column[block]] = median(durations) / static_cast<double>(results[i]->number);
    }
  }
  return table;
}

}  // namespace dnnbench
