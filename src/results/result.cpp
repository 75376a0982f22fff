#include "results/result.h"

#include <fmt/format.h>

#include <utility>

#include "core/statistics.h"
#include "machine/disturbance.h"

namespace dnnbench {

Result make_result(Subject subject, Outcome outcome, EngineFacts engine, Measured measured) {
  Result result;
  static_cast<Subject&>(result) = std::move(subject);
  result.outcome = std::move(outcome);
  result.engine = std::move(engine);
  result.measured = std::move(measured);
  if (result.outcome.ok()) return result;
  result.measured.samples.clear();
  result.measured.traffic.reset();
  result.measured.throughput.reset();
  Verification& verification = result.engine.verification;
  if (verification.verdict == Verdict::kUnverified && verification.reason.empty()) {
    verification.reason = "the engine did not get so far";
  }
  return result;
}

std::vector<double> durations_s(const Result& result) {
  std::vector<double> durations;
  durations.reserve(result.measured.samples.size());
  for (const Sample& sample : result.measured.samples) durations.push_back(sample.duration_s);
  return durations;
}

double median_latency_s(const Result& result) {
  return median(durations_s(result)) / static_cast<double>(result.number);
}

double to_blocks_of_best(const Result& result) {
  const bool known = may_be_ranked(result) && result.rank && result.rank->p50_s > 0;
  return known ? result.rank->p50_s / median_latency_s(result) : 1;
}

double shown_median_s(const Result& result) {
  return median_latency_s(result) * to_blocks_of_best(result);
}

std::optional<double> throughput_per_s(const Result& result) {
  if (result.measured.traffic) return carried_per_s(*result.measured.traffic);
  if (result.measured.throughput) {
    const TriedSetting& best = result.measured.throughput->best();
    return best.reason.empty() ? std::optional(best.per_s) : std::nullopt;
  }
  return 1 / median_latency_s(result);
}

std::string_view to_string(Stop stop) {
  switch (stop) {
    case Stop::kDecided:
      return "decided";
    case Stop::kPrecise:
      return "precise";
    case Stop::kBudget:
      return "budget";
    case Stop::kRepeat:
      return "repeat";
    case Stop::kInterrupted:
      return "interrupted";
    case Stop::kLate:
      break;
  }
  return "late";
}

bool is_suspect(const Result& result) {
  return is_mostly_disturbed(result.measured.blocks_disturbed, result.measured.blocks);
}

std::string why_suspect(const Result& result) {
  if (!is_suspect(result)) return "";
  return fmt::format("{} of {} blocks were disturbed: {}", result.measured.blocks_disturbed,
                     result.measured.blocks, result.measured.disturbance);
}

bool may_be_ranked(const Result& result) {
  return result.outcome.ok() && result.engine.verification.verdict == Verdict::kOk &&
         !is_suspect(result) && !(result.acceptance && result.acceptance->accepted == false);
}

Acceptance accept(const Result& result, const AccuracyBounds& bounds) {
  if (result.candidate.precision == "f32") return {true, ""};
  if (result.variant && result.variant->calibration == "generated") {
    return {false, "uncalibrated: made without --calibration, so nothing is known of its accuracy"};
  }
  if (!result.outcome.ok()) return {false, result.outcome.reason};
  if (!result.engine.accuracy) return {false, "its accuracy could not be measured"};
  return acceptance_of(*result.engine.accuracy, bounds);
}

std::map<std::string, double> latency_percentiles_s(const Result& result) {
  std::map<std::string, double> percentiles;
  if (result.measured.traffic &&
      result.measured.traffic->figures().verdict != RateVerdict::kCarried)
    return percentiles;
  const std::vector<double> durations = durations_s(result);
  for (const int percent : percentiles_supported(durations.size())) {
    percentiles["p" + std::to_string(percent)] =
        percentile(durations, percent) / static_cast<double>(result.number);
  }
  return percentiles;
}

std::map<std::string, double> shown_percentiles_s(const Result& result) {
  auto percentiles = latency_percentiles_s(result);
  if (percentiles.empty()) return percentiles;
  const double scale = to_blocks_of_best(result);
  for (auto& [name, seconds] : percentiles) seconds *= scale;
  return percentiles;
}

std::optional<double> cpu_s_per_inference(const Result& result) {
  const Measured& measured = result.measured;
  if (measured.inferences == 0) return std::nullopt;
  return measured.cpu_s / static_cast<double>(measured.inferences);
}

}  // namespace dnnbench
