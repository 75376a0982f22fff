#include "measure/traffic_rounds.h"

#include <fmt/format.h>

#include <algorithm>

#include "machine/disturbance.h"
#include "measure/rate_run.h"
#include "queueing/capacity.h"
#include "rank/turns.h"
#include "traffic/rate_search.h"
#include "traffic/turn_plan.h"

namespace dnnbench {
namespace {

constexpr double kTriesInABudget = 6;  // of a search; one that starts well needs no more

// One engine, from its first rate to its last.
class Player {
 public:
  Player(const RunOptions& options, Contestant& contestant)
      : options_(options), contestant_(contestant) {
    if (!options.slo_p99_s) {
      begin(*options.rate_per_s, options.budget_s);
      return;
    }
    const ExpectedLoad expected = expect(0);
    const double most_per_s = static_cast<double>(expected.servers) / expected.service_s;
    const std::vector<double> times_s{expected.service_s};
    const double guess_per_s = static_cast<double>(expected.servers) *
                               capacity_per_s(speed_of(times_s), *options.slo_p99_s);
    search_.emplace(*options.slo_p99_s, most_per_s, guess_per_s);
    begin_next();
  }

  bool plays() const { return current_.has_value(); }
  Result& result() const { return *contestant_.result; }
  void drop_out() { current_.reset(); }

  std::string doing() const {
    return fmt::format("under {:.4g} requests a second, turn {} of {}", current_->rate_per_s(),
                       current_->turn(), current_->turns());
  }

  // Throws EngineEnded. `started_s` is set by the first turn of all.
  void take_turn(std::optional<double>& started_s) {
    EngineBench& bench = *contestant_.bench;
    const size_t examination = static_cast<size_t>(result().blocks) % 2;
    TrafficTurn turn = bench.take_traffic_turn(examination, current_->next(options_.seed));
    // Seldom, for a check takes long where outputs are large.
    if ((result().blocks & (result().blocks + 1)) == 0) bench.verify_again(examination);
    bench.pause();
    if (!started_s) started_s = turn.requests.front().intended_s;
    spent_s_ += turn.noise.window_s;
    keep(std::move(turn));
  }

  // Verifies once more and fills in the result. Throws EngineEnded.
  void finish(double started_s) {
    contestant_.bench->verify_again(static_cast<size_t>(result().blocks + 1) % 2);
    contestant_.bench->pause();
    TrafficResult load;
    load.rate_per_s = options_.rate_per_s;
    load.slo_p99_s = options_.slo_p99_s;
    load.rates = figures_;
    if (search_) {
      const HighestRate highest = search_->answer();
      load.at_least_per_s = highest.at_least_per_s;
      load.below_per_s = highest.below_per_s;
      load.chosen = highest.best.value_or(lowest_tried());
    }
    result().load = load;
    result().stopped = options_.repeat ? Stop::kRepeat : stop_;
    keep_requests(runs_[load.chosen], started_s);
  }

 private:
  ExpectedLoad expect(double rate_per_s) const {
    return {rate_per_s, contestant_.bench->expected_s(), static_cast<size_t>(result().streams)};
  }

  void begin(double rate_per_s, double budget_s) {
    current_.emplace(expect(rate_per_s), budget_s, options_.repeat);
  }

  // The next rate of a search, where the budget holds enough requests at it.
  void begin_next() {
    current_.reset();
    const std::optional<double> rate_per_s = search_->next_per_s();
    if (!rate_per_s) {
      stop_ = Stop::kDecided;
      return;
    }
    const double left_s = options_.budget_s - spent_s_;
    const double needed_s = budget_for_p99_s(*rate_per_s);
    const bool first = figures_.empty();
    if (left_s < needed_s && !first) return;
    const double wanted_s = std::max(options_.budget_s / kTriesInABudget, needed_s);
    begin(*rate_per_s, std::min(wanted_s, left_s));
  }

  void keep(TrafficTurn turn) {
    ++result().blocks;
    add(result().noise, turn.noise);
    const std::string disturbed_by = disturbance(turn.noise);
    if (!disturbed_by.empty()) {
      ++result().blocks_disturbed;
      result().disturbance = disturbed_by;
    }
    current_->add(std::move(turn), !disturbed_by.empty());
    if (current_->is_over()) end_rate();
  }

  void end_rate() {
    figures_.push_back(current_->figures());
    runs_.push_back(std::move(*current_));
    current_.reset();
    if (!search_) return;
    search_->add(figures_.back());
    begin_next();
  }

  size_t lowest_tried() const {
    const auto lowest =
        std::min_element(figures_.begin(), figures_.end(),
                         [](const auto& a, const auto& b) { return a.rate_per_s < b.rate_per_s; });
    return static_cast<size_t>(lowest - figures_.begin());
  }

  void keep_requests(const RateRun& run, double started_s) {
    double cpu_s = 0;
    size_t served = 0;
    const std::vector<TrafficTurn> turns = run.kept();
    for (size_t number = 0; number < turns.size(); ++number) {
      const TrafficTurn& turn = turns[number];
      cpu_s += turn.cpu_s;
      served += turn.served;
      for (const ServedRequest& request : turn.requests) {
        result().data.push_back(request.latency_s());
        result().start_s.push_back(request.intended_s - started_s);
        result().load->begin_s.push_back(request.begin_s - started_s);
        result().block.push_back(static_cast<int64_t>(number));
      }
    }
    result().cpu_s_per_inference = cpu_s / static_cast<double>(served);
  }

  const RunOptions& options_;
  Contestant& contestant_;
  std::optional<RateSearch> search_;
  std::optional<RateRun> current_;
  std::vector<RateRun> runs_;  // ended, as figures_
  std::vector<RateFigures> figures_;
  double spent_s_ = 0;
  Stop stop_ = Stop::kBudget;
};

}  // namespace

void TrafficRounds::measure(std::vector<Contestant>& contestants) {
  std::vector<Player> players;
  for (Contestant& contestant : contestants) players.emplace_back(options_, contestant);
  const auto end = [&](Player& player, Contestant& contestant) {
    contestant.bench.reset();
    ended_(player.result());
  };
  const auto orders = balanced_orders(players.size());
  const auto anyone_plays = [&] {
    return std::any_of(players.begin(), players.end(), [](const Player& p) { return p.plays(); });
  };
  for (size_t round = 0; anyone_plays(); ++round) {
    for (const size_t index : orders[round % orders.size()]) {
      Player& player = players[index];
      if (!player.plays()) continue;
      progress_.step(player.result().backend, player.doing(), std::nullopt);
      try {
        player.take_turn(started_s_);
        if (player.plays()) continue;
        player.finish(*started_s_);
      } catch (const EngineEnded& ended) {
        player.drop_out();
        player.result().outcome = ended.outcome;
      }
      end(player, contestants[index]);
    }
  }
}

}  // namespace dnnbench
