#include "measure/rounds.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "core/statistics.h"
#include "measure/rank_results.h"
#include "measure/standing.h"
#include "measure/turn_rules.h"
#include "process/worker_process.h"
#include "rank/ranking.h"
#include "rank/turns.h"

namespace dnnbench {
namespace {

constexpr double kRepeatTurn_s = 0.3;     // with --repeat: about so long per turn,
constexpr int64_t kMinRepeatBlocks = 16;  // but at least so many blocks
constexpr double kShort_s = 0.02;  // of a measurement: processes differ most, and start quickly
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// What is known of one block: its place in the sequence, and whether something disturbed it.
struct Block {
  int64_t number = 0;
  int64_t slot = 0;  // with --repeat: which of the planned blocks; a disturbed one is repeated
  std::string disturbance;  // "" for an undisturbed one

  bool is_disturbed() const { return !disturbance.empty(); }
};

struct TakenTurn {
  size_t block = 0;    // index into BlockLoop::blocks_
  size_t process = 0;  // of the engine's in this loop, from 1 on
  LatencyTurn turn;
};

// A participant and its turns of this loop.
struct Member {
  Participant* participant = nullptr;
  std::vector<TakenTurn> turns;
  bool active = true;     // takes turns
  bool finished = false;  // took all it needed
  bool starts_matter = true;
  size_t starts = 1;  // in this loop, with the process that it came with
  int64_t blocks_of_start = 0;
  bool has_run = false;     // a turn since its start, so that there are outputs to verify
  double restarting_s = 0;  // that its restarts have taken so far

  MeasuredEngine& engine() const { return *participant->engine; }
};

// The blocks of one call of Rounds::measure.
class BlockLoop {
 public:
  BlockLoop(const RunOptions& options, const Surroundings& surroundings, Progress& progress,
            BusyReport& busy, const ParticipantEnded& ended, std::vector<Participant>& participants,
            int64_t first_block)
      : options_(options),
        surroundings_(surroundings),
        progress_(progress),
        busy_(busy),
        ended_(ended),
        first_block_(first_block) {
    for (Participant& participant : participants) {
      members_.push_back({&participant});
      // An anchor of an earlier group is the process that it was.
      std::vector<int64_t>& starts = participant.measured.starts;
      if (starts.empty()) starts = {first_block};
    }
  }

  void keep_first() { kept_ = &members_.front(); }
  int64_t blocks() const { return static_cast<int64_t>(blocks_.size()); }

  void measure_until_decided(double alpha) {
    double left_s = options_.budget_s;  // of measuring, per engine
    const auto min_blocks = static_cast<int64_t>(min_values(alpha));
    while (!active().empty()) {
      if (surroundings_.is_interrupted()) return finish_all(Stop::kInterrupted);
      if (!restart(min_blocks)) return finish_all(Stop::kInterrupted);
      if (active().empty()) break;
      const auto engines = static_cast<double>(active().size());
      report(1 - left_s / options_.budget_s);
      const double start_s = surroundings_.now_s();
      measure_block(blocks(), std::nullopt);
      dismiss_known(alpha);
      left_s -= (surroundings_.now_s() - start_s) / engines;
      if (left_s <= 0) finish_all(Stop::kBudget);
      keep_block();
    }
  }

  void measure_repeatedly(int64_t repeat) {
    const int64_t planned = planned_blocks(repeat);
    int64_t spare = planned;
    for (int64_t slot = 0; slot < planned && !active().empty(); ++slot) {
      const int64_t measurements = repeat * (slot + 1) / planned - repeat * slot / planned;
      do {
        if (surroundings_.is_interrupted()) return finish_all(Stop::kInterrupted);
        if (!restart(planned)) return finish_all(Stop::kInterrupted);
        if (active().empty()) break;
        report(static_cast<double>(slot) / static_cast<double>(planned));
        measure_block(slot, measurements);
        keep_block();
      } while (blocks_.back().is_disturbed() && spare-- > 0);
    }
    finish_all(Stop::kRepeat);
  }

  // Of the first measurement.
  std::optional<double> started_s() const { return started_s_; }
  void set_started(std::optional<double> started_s) { started_s_ = started_s; }

 private:
  std::vector<Member*> active() {
    std::vector<Member*> active;
    for (Member& member : members_) {
      if (member.active) active.push_back(&member);
    }
    return active;
  }

  int64_t planned_blocks(int64_t repeat) {
    double slowest_s = 0;
    for (const Member* member : active()) {
      slowest_s = std::max(slowest_s, member->engine().expected_s());
    }
    const double by_time = std::ceil(static_cast<double>(repeat) * slowest_s / kRepeatTurn_s);
    const auto max = static_cast<double>(repeat);
    return static_cast<int64_t>(
        std::clamp(by_time, std::min(max, static_cast<double>(kMinRepeatBlocks)), max));
  }

  // Before the next block: loads those of an earlier session.
  void wake() {
    for (Member* member : active()) {
      try {
        if (!member->engine().wake()) continue;
      } catch (const EngineEnded& end) {
        drop_out(*member, end.outcome);
        continue;
      }
      count_start(*member);
    }
  }

  void count_start(Member& member) {
    member.blocks_of_start = 0;
    member.has_run = false;
    ++member.starts;
    member.participant->measured.starts.push_back(first_block_ + blocks());
  }

  // Those whose time has come, before the next block. Returns false after an interrupt.
  bool restart(int64_t min_blocks) {
    try {
      wake();
    } catch (const Interrupted&) {
      return false;
    }
    for (Member* member : active()) {
      if (surroundings_.is_interrupted() || !may_restart(*member, min_blocks)) continue;
      const double start_s = surroundings_.now_s();
      try {
        member->engine().restart();
        member->engine().pause();
      } catch (const EngineEnded& end) {
        drop_out(*member, end.outcome);
        continue;
      }
      member->restarting_s += surroundings_.now_s() - start_s;
      count_start(*member);
    }
    return true;
  }

  // Where it may change the report. Until that has taken as long as measuring may; where that is
  // seldom, spread over the minimum of blocks that a verdict needs. Never where memory would not
  // hold it beside the others: an engine that was measured must not end for that.
  bool may_restart(const Member& member, int64_t min_blocks) const {
    const MeasuredEngine& engine = member.engine();
    const bool is_short = !options_.latency()->repeat && engine.expected_s() <= kShort_s;
    if (!is_restart_due({member.starts_matter, is_short, member.starts, member.blocks_of_start})) {
      return false;
    }
    if (std::max(member.restarting_s, engine.start_s()) > options_.budget_s) return false;
    const auto starts = 2 + static_cast<int64_t>(options_.budget_s / engine.start_s());
    if (member.blocks_of_start < min_blocks / starts) return false;
    const int64_t free = surroundings_.free_memory_bytes();
    return free == 0 || free > engine.peak_rss_bytes();
  }

  void measure_block(int64_t slot, std::optional<int64_t> measurements) {
    const std::vector<Member*> members = active();
    if (members.size() != order_of_) {
      orders_ = balanced_orders(members.size());
      order_of_ = members.size();
      next_order_ = 0;
    }
    blocks_.push_back({first_block_ + blocks(), slot, ""});
    is_whole_ = true;
    for (const size_t index : orders_[next_order_]) {
      if (surroundings_.is_interrupted()) is_whole_ = false;
      if (is_whole_) take_turn(*members[index], measurements);
    }
    next_order_ = (next_order_ + 1) % orders_.size();
    busy_.add_block(blocks_.back().disturbance);
  }

  // A block's turns must be from one moment: one that an interrupt has cut short is not continued.
  void keep_block() const {
    if (is_whole_) surroundings_.commit(true);
  }

  void take_turn(Member& member, std::optional<int64_t> measurements) {
    const size_t block = blocks_.size() - 1;
    try {
      LatencyTurn turn = take_verified_turn(member.engine(), block, [&](size_t input_set) {
        return member.engine().take_turn(input_set, measurements);
      });
      if (!started_s_) started_s_ = turn.start_s.front();
      if (turn.is_disturbed()) blocks_.back().disturbance = turn.disturbance;
      member.turns.push_back({block, member.starts, std::move(turn)});
      ++member.blocks_of_start;
      member.has_run = true;
    } catch (const EngineEnded& end) {
      drop_out(member, end.outcome);
    }
  }

  BlockTable undisturbed_table(const std::vector<Member*>& members) const {
    BlockTable table;
    table.latency_s.assign(members.size(), std::vector<double>(blocks_.size(), kNaN));
    table.process.assign(members.size(), std::vector<size_t>(blocks_.size()));
    for (size_t i = 0; i < members.size(); ++i) {
      for (const TakenTurn& taken : members[i]->turns) {
        if (blocks_[taken.block].is_disturbed()) continue;
        table.latency_s[i][taken.block] = median(taken.turn.duration_s);
        table.process[i][taken.block] = taken.process;
      }
    }
    return table;
  }

  // Those that have left early still count: what is undecided may be so with one of them.
  std::vector<Member*> measured() {
    std::vector<Member*> measured;
    for (Member& member : members_) {
      if (member.active || member.finished) measured.push_back(&member);
    }
    return measured;
  }

  void dismiss_known(double alpha) {
    const std::vector<Member*> measured = this->measured();
    if (measured.empty()) return;
    const std::vector<RemainingWork> known =
        remaining_work(undisturbed_table(measured), alpha, goal_of(options_));
    for (size_t i = 0; i < measured.size(); ++i) {
      Member& member = *measured[i];
      member.starts_matter = known[i].starts_matter;
      const Certainty certainty = known[i].certainty;
      if (!member.active || certainty == Certainty::kOpen) continue;
      finish(member, certainty == Certainty::kDecided ? Stop::kDecided : Stop::kPrecise);
    }
  }

  void finish_all(Stop stop) {
    for (Member* member : active()) finish(*member, stop);
  }

  void finish(Member& member, Stop stop) {
    const bool is_new = member.turns.empty();  // an interrupt came before its first turn
    if (is_new && member.participant->measured.samples.empty()) {
      member.active = false;
      member.participant->engine.reset();
      return;
    }
    try {
      if (member.has_run) member.engine().verify(input_set_of(member.turns.back().block));
      member.engine().pause();
    } catch (const EngineEnded& end) {
      return drop_out(member, end.outcome);
    }
    member.active = false;
    member.finished = true;
    member.participant->measured.stopped = stop;
    keep_turns(member);
    if (&member == kept_) return;
    member.participant->end({});
    ended_(*member.participant);
  }

  void drop_out(Member& member, const Outcome& outcome) {
    member.active = false;
    for (const TakenTurn& taken : member.turns) {
      member.participant->measured.dropped += taken.turn.dropped;
    }
    member.participant->end(outcome);
    ended_(*member.participant);
  }

  // With --repeat one block per slot: the last one measured, which is the undisturbed one where
  // there is any.
  std::set<size_t> blocks_to_keep(const Member& member) const {
    std::vector<size_t> all;
    std::map<int64_t, size_t> last_of_slot;
    for (const TakenTurn& taken : member.turns) {
      all.push_back(taken.block);
      last_of_slot[blocks_[taken.block].slot] = taken.block;
    }
    std::set<size_t> keep;
    if (options_.latency()->repeat) {
      for (const auto& [slot, block] : last_of_slot) keep.insert(block);
      return keep;
    }
    const std::vector<size_t> kept =
        undisturbed_or_all(all, [&](size_t block) { return blocks_[block].is_disturbed(); });
    return {kept.begin(), kept.end()};
  }

  void keep_turns(Member& member) const {
    Measured& measured = member.participant->measured;
    const std::set<size_t> keep = blocks_to_keep(member);
    for (const TakenTurn& taken : member.turns) {
      const LatencyTurn& turn = taken.turn;
      const Block& block = blocks_[taken.block];
      measured.count_block(block.disturbance);
      measured.dropped += turn.dropped;
      if (keep.count(taken.block) == 0) continue;
      add(measured.noise, turn.noise);
      measured.cpu_s += turn.cpu_s;
      const int64_t inferences =
          options_.latency()->number * static_cast<int64_t>(turn.duration_s.size());
      measured.inferences += inferences;
      if (turn.gpu) add(measured.gpu, *turn.gpu, inferences);
      for (size_t i = 0; i < turn.duration_s.size(); ++i) {
        measured.samples.push_back(
            {block.number, turn.start_s[i] - *started_s_, turn.duration_s[i]});
      }
    }
  }

  void report(double done) {
    const std::vector<Member*> measured = this->measured();
    std::vector<std::string> labels;
    for (const Member* member : measured) labels.push_back(member->participant->label);
    const auto disturbed = static_cast<size_t>(std::count_if(
        blocks_.begin(), blocks_.end(), [](const Block& block) { return block.is_disturbed(); }));
    progress_.measuring({done, !options_.latency()->repeat,
                         standing(labels, undisturbed_table(measured).latency_s, disturbed)});
  }

  const RunOptions& options_;
  const Surroundings& surroundings_;
  Progress& progress_;
  BusyReport& busy_;
  const ParticipantEnded& ended_;
  std::vector<Member> members_;
  const Member* kept_ = nullptr;
  int64_t first_block_ = 0;
  std::vector<Block> blocks_;
  std::vector<std::vector<size_t>> orders_;
  size_t order_of_ = 0;
  size_t next_order_ = 0;
  bool is_whole_ = true;  // the last block
  std::optional<double> started_s_;
};

}  // namespace

void Rounds::measure(std::vector<Participant>& participants, size_t engines, bool keep_first) {
  BlockLoop loop(options_, surroundings_, progress_, busy_, ended_, participants, next_block_);
  loop.set_started(started_s_);
  if (keep_first) loop.keep_first();
  if (options_.latency()->repeat) {
    loop.measure_repeatedly(*options_.latency()->repeat);
  } else {
    loop.measure_until_decided(alpha_of_pair(engines, options_.confidence));
  }
  started_s_ = loop.started_s();
  next_block_ += loop.blocks();
}

}  // namespace dnnbench
