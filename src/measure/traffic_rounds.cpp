#include "measure/traffic_rounds.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "measure/rate_run.h"
#include "measure/turn_rules.h"
#include "process/worker_process.h"
#include "queueing/capacity.h"
#include "rank/turns.h"
#include "results/units.h"
#include "traffic/rate_search.h"
#include "traffic/turn_plan.h"

namespace dnnbench {
namespace {

constexpr double kTriesInABudget = 6;  // of a search; one that starts well needs no more

// One participant, from its first rate to its last.
class RateSeries {
 public:
  RateSeries(const RunOptions& options, Participant& participant)
      : options_(options),
        traffic_(*options.traffic()),
        participant_(participant),
        stop_(traffic_.repeat ? Stop::kRepeat : Stop::kBudget) {
    if (!traffic_.slo_p99_s) {
      begin(*traffic_.rate_per_s, options.budget_s);
      return;
    }
    const ExpectedTraffic expected = expect(0);
    const double max_per_s = static_cast<double>(expected.servers) / expected.service_s;
    const std::vector<double> times_s{expected.service_s};
    const double guess_per_s = static_cast<double>(expected.servers) *
                               capacity_per_s(speed_of(times_s), *traffic_.slo_p99_s);
    search_.emplace(*traffic_.slo_p99_s, max_per_s, guess_per_s);
    begin_next();
  }

  bool is_active() const { return current_.has_value(); }
  void drop_out() { current_.reset(); }

  // Share of its turns, or of its budget, 0 to 1.
  double done() const {
    if (!current_) return 1;
    if (search_) return std::min(1.0, spent_s_ / options_.budget_s);
    return static_cast<double>(current_->turn() - 1) / static_cast<double>(current_->turns());
  }

  std::string doing() const {
    std::string text = fmt::format("{} at {:.4g} requests/s, turn {} of {}", participant_.label,
                                   current_->rate_per_s(), current_->turn(), current_->turns());
    const double highest_per_s = search_ ? search_->answer().at_least_per_s : 0;
    if (highest_per_s > 0) text += fmt::format(", sustains {:.4g}/s so far", highest_per_s);
    return text;
  }

  const std::string& label() const { return participant_.label; }
  size_t turn() const { return current_->turn(); }
  size_t turns_at_rate() const { return current_->turns(); }

  // So far, at the rate asked for; nothing while one is searched for, or known of too few requests.
  std::optional<double> interim_p99_s() const {
    if (search_) return std::nullopt;
    if (!current_) return figures_.empty() ? std::nullopt : figures_.back().p99_s;
    return current_->has_turns() ? current_->figures().p99_s : std::nullopt;
  }

  // Returns what disturbed it, "" for nothing. Throws EngineEnded. `started_s` is set by the first
  // turn of all.
  std::string take_turn(std::optional<double>& started_s) {
    participant_.engine->wake();
    TrafficTurn turn = take_verified_turn(*participant_.engine, turns(), [&](size_t input_set) {
      return participant_.engine->take_traffic_turn(input_set, current_->next(options_.seed));
    });
    if (turn.requests.empty()) {
      throw EngineEnded({OutcomeKind::kFailed, "it served no request at all"});
    }
    if (!started_s) started_s = turn.requests.front().intended_s;
    spent_s_ += turn.noise.window_s;
    std::string disturbance = turn.disturbance;
    keep(std::move(turn));
    return disturbance;
  }

  // After an interrupt: with the turns at this rate, where there is no other. Whether there is any.
  bool end_early() {
    if (figures_.empty() && current_->has_turns()) keep_rate();
    current_.reset();
    stop_ = Stop::kInterrupted;
    return !figures_.empty();
  }

  // Verifies once more and fills in what was measured. Throws EngineEnded.
  void finish(double started_s) {
    participant_.engine->verify(input_set_of(turns() + 1));
    participant_.engine->pause();
    TrafficResult traffic;
    traffic.rate_per_s = traffic_.rate_per_s;
    traffic.slo_p99_s = traffic_.slo_p99_s;
    traffic.rates = figures_;
    if (search_) {
      const HighestRate highest = search_->answer();
      traffic.at_least_per_s = highest.at_least_per_s;
      traffic.below_per_s = highest.below_per_s;
      traffic.chosen = highest.best.value_or(lowest_tried());
    }
    participant_.measured.stopped = stop_;
    keep_requests(runs_[traffic.chosen], started_s, traffic);
    participant_.measured.traffic = std::move(traffic);
  }

 private:
  // Taken so far, at all rates.
  size_t turns() const { return static_cast<size_t>(participant_.measured.blocks); }

  ExpectedTraffic expect(double rate_per_s) const {
    return {rate_per_s, participant_.engine->expected_s(),
            static_cast<size_t>(participant_.candidate.streams)};
  }

  void begin(double rate_per_s, double budget_s) {
    current_.emplace(expect(rate_per_s), budget_s, traffic_.repeat);
  }

  // The next rate of a search, where the budget holds enough requests at it.
  void begin_next() {
    current_.reset();
    const std::optional<double> rate_per_s = search_->next_per_s();
    if (!rate_per_s) {
      if (search_->gave_up()) {
        stop_ = Stop::kLate;
      } else if (!traffic_.repeat) {
        stop_ = Stop::kDecided;
      }
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
    Measured& measured = participant_.measured;
    measured.count_block(turn.disturbance);
    measured.dropped += turn.dropped;
    add(measured.noise, turn.noise);
    if (turn.gpu) add(measured.gpu, *turn.gpu, static_cast<int64_t>(turn.served));
    current_->add(std::move(turn));
    if (current_->is_over()) end_rate();
  }

  // At a rate that was asked for, disturbed turns make the result suspect, with its figures; a
  // search must not take them for the engine's.
  void keep_rate() {
    RateFigures figures = current_->figures();
    if (search_ && current_->is_disturbed()) {
      figures.verdict = RateVerdict::kDisturbed;
      figures.reason = fmt::format("most turns at {:.4g}/s were disturbed: {}", figures.rate_per_s,
                                   participant_.measured.disturbance);
    }
    if (search_) search_->add(figures);
    figures_.push_back(std::move(figures));
    runs_.push_back(std::move(*current_));
    current_.reset();
  }

  void end_rate() {
    keep_rate();
    if (search_) begin_next();
  }

  // Of those at that rate one that is not void.
  size_t lowest_tried() const {
    const auto lowest =
        std::min_element(figures_.begin(), figures_.end(), [](const auto& a, const auto& b) {
          return std::pair(a.rate_per_s, is_void(a)) < std::pair(b.rate_per_s, is_void(b));
        });
    return static_cast<size_t>(lowest - figures_.begin());
  }

  void keep_requests(const RateRun& run, double started_s, TrafficResult& traffic) {
    Measured& measured = participant_.measured;
    const std::vector<TrafficTurn> turns = run.kept();
    for (size_t number = 0; number < turns.size(); ++number) {
      const TrafficTurn& turn = turns[number];
      measured.cpu_s += turn.cpu_s;
      measured.inferences += static_cast<int64_t>(turn.served);
      for (const ServedRequest& request : turn.requests) {
        measured.samples.push_back(
            {static_cast<int64_t>(number), request.intended_s - started_s, request.latency_s()});
        traffic.begin_s.push_back(request.begin_s - started_s);
      }
    }
  }

  const RunOptions& options_;
  const TrafficOptions& traffic_;
  Participant& participant_;
  std::optional<RateSearch> search_;
  std::optional<RateRun> current_;
  std::vector<RateRun> runs_;  // ended, as figures_
  std::vector<RateFigures> figures_;
  double spent_s_ = 0;
  Stop stop_;
};

// "p99 so far: openvino 15.2 ms, onnxruntime 20.4 ms, turn 7 of 12": the two lowest. Before any is
// known, and while a rate is searched for, what comes next.
std::string standing(const std::vector<RateSeries>& all, const RateSeries& next) {
  std::vector<std::pair<double, std::string>> known;
  for (const RateSeries& series : all) {
    if (const auto p99_s = series.interim_p99_s()) known.emplace_back(*p99_s, series.label());
  }
  if (known.empty()) return next.doing();
  std::sort(known.begin(), known.end());
  std::string text = "p99 so far:";
  for (size_t i = 0; i < std::min(known.size(), size_t{2}); ++i) {
    text += fmt::format(" {} {},", known[i].second, format_seconds(known[i].first));
  }
  return text + fmt::format(" turn {} of {}", next.turn(), next.turns_at_rate());
}

void report(const std::vector<RateSeries>& all, const RateSeries& next, Progress& progress) {
  double done = 0;
  for (const RateSeries& series : all) done += series.done();
  progress.measuring({done / static_cast<double>(all.size()), true, standing(all, next)});
}

bool any_active(const std::vector<RateSeries>& all) {
  return std::any_of(all.begin(), all.end(), [](const RateSeries& one) { return one.is_active(); });
}

}  // namespace

void TrafficRounds::measure(std::vector<Participant>& participants) {
  std::vector<RateSeries> all;
  for (Participant& participant : participants) all.emplace_back(options_, participant);
  // A step of a series; the series is then over, or has further turns.
  const auto advance = [&](size_t index, const std::function<void(RateSeries&)>& step) {
    Outcome outcome;
    try {
      step(all[index]);
      if (all[index].is_active()) return;
      all[index].finish(*started_s_);
    } catch (const Interrupted&) {
      return;
    } catch (const EngineEnded& ended) {
      all[index].drop_out();
      outcome = ended.outcome;
    }
    participants[index].end(outcome);
    ended_(participants[index]);
  };
  const auto orders = balanced_orders(all.size());
  for (size_t round = 0; any_active(all) && !surroundings_.is_interrupted(); ++round) {
    for (const size_t index : orders[round % orders.size()]) {
      if (!all[index].is_active() || surroundings_.is_interrupted()) continue;
      report(all, all[index], progress_);
      advance(index, [this](RateSeries& series) { busy_.add_block(series.take_turn(started_s_)); });
      surroundings_.commit(true);
    }
  }
  for (size_t index = 0; index < all.size(); ++index) {
    if (!all[index].is_active()) continue;
    if (all[index].end_early()) {
      advance(index, [](RateSeries&) {});
    } else {
      participants[index].engine.reset();
    }
  }
}

}  // namespace dnnbench
