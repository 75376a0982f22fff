#include "advise/candidates.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "core/error.h"
#include "core/mean_interval.h"
#include "results/label_words.h"
#include "results/units.h"

namespace dnnbench {
namespace {

using Group = std::vector<const StoredResult*>;

// Without what is of the mode: results in other modes than latency may be of the same deployment.
const std::string& settings_of(const StoredResult& result) {
  return result.settings.empty() ? result.backend_meta : result.settings;
}

Deployed deployed(const StoredResult& result) {
  return {result.instance, result.backend,
          settings_of(result) + (result.quantized ? "-quantised" : "")};
}

bool is_under_traffic(const StoredResult& result) { return result.mode == "load"; }

bool has_own_shape(const StoredResult& result) {
  const std::string& settings = settings_of(result);
  return settings.find("-shape=") != std::string::npos ||
         settings.find("-batch=") != std::string::npos;
}

bool serves_batches(const StoredResult& result) {
  return result.throughput && result.throughput->batch > 1;
}

// The input shapes of the task: those of results without --shape and the like; without such, of
// all.
std::set<std::string> shapes_of_task(const Group& results) {
  std::set<std::string> plain, all;
  for (const StoredResult* result : results) {
    if (serves_batches(*result)) continue;
    (has_own_shape(*result) ? all : plain).insert(result->input_shapes);
  }
  if (!plain.empty()) return plain;
  if (all.size() > 1) {
    throw UsageError(fmt::format(
        "the results of {} have different input shapes ({}), which are different tasks; give a "
        "folder that has one of them",
        results.front()->model, fmt::join(all, " ")));
  }
  return all;
}

// The one that counts comes last.
void sort_by_age(Group& group) {
  std::sort(group.begin(), group.end(), [](const StoredResult* a, const StoredResult* b) {
    return std::tie(a->started_at, a->modified, a->path) <
           std::tie(b->started_at, b->modified, b->path);
  });
}

double throughput_per_s(const StoredResult& result) {
  if (result.published) return result.published->throughput_per_s;
  if (result.throughput) return result.throughput->per_s;
  return speed_of(result.times_s).throughput_per_s();
}

bool is_usable(const StoredResult& result) {
  return result.outcome.ok() && result.verdict != Verdict::kWrong && !result.suspect &&
         !is_under_traffic(result);
}

// What was not disturbed where there is such a one; of these, measured one request at a time, else
// rather without a pause than under traffic.
const StoredResult& newest(const Group& group) {
  const StoredResult* found = nullptr;
  const auto rank = [](const StoredResult& result) {
    return std::tuple(!result.suspect, result.mode == "latency", !is_under_traffic(result));
  };
  for (const StoredResult* result : group) {
    if (found == nullptr || rank(*result) >= rank(*found)) found = result;
  }
  return *found;
}

// Rates measured under traffic, by rising rate; of one rate the newest measurement.
std::vector<MeasuredRate> measured_rates(const Group& group, const std::set<std::string>& shapes) {
  std::map<double, double> p99_s;
  for (const StoredResult* result : group) {
    if (!is_under_traffic(*result) || !result->outcome.ok() || result->suspect ||
        result->verdict == Verdict::kWrong || shapes.count(result->input_shapes) == 0) {
      continue;
    }
    for (const StoredRate& rate : result->traffic_rates) p99_s[rate.rate_per_s] = rate.p99_s;
  }
  std::vector<MeasuredRate> rates;
  for (const auto& [rate_per_s, rate_p99_s] : p99_s) rates.push_back({rate_per_s, rate_p99_s});
  return rates;
}

void add_interval(Deployable& candidate, const StoredResult& result) {
  if (result.published) {
    if (!result.published->plus_minus_per_s) return;
    candidate.low_per_s = result.published->throughput_per_s - *result.published->plus_minus_per_s;
    candidate.high_per_s = result.published->throughput_per_s + *result.published->plus_minus_per_s;
    return;
  }
  if (result.throughput) {
    candidate.low_per_s = result.throughput->least_per_s;
    candidate.high_per_s = result.throughput->greatest_per_s;
    return;
  }
  if (candidate.only_under_traffic) return;
  const std::optional<double> half_width_s = mean_interval_half_width(result.times_s);
  if (!half_width_s) return;
  const double mean_s = candidate.speed.mean_s;
  candidate.low_per_s = 1 / (mean_s + *half_width_s);
  if (mean_s > *half_width_s) candidate.high_per_s = 1 / (mean_s - *half_width_s);
}

void add_spread(Deployable& candidate, const Group& group) {
  if (candidate.only_under_traffic) {
    candidate.slowest_per_s = candidate.fastest_per_s = candidate.speed.throughput_per_s();
    return;
  }
  candidate.measurements = 0;
  for (const StoredResult* result : group) {
    if (!is_usable(*result)) continue;
    const double per_s = throughput_per_s(*result);
    const bool first = candidate.measurements++ == 0;
    candidate.slowest_per_s = first ? per_s : std::min(candidate.slowest_per_s, per_s);
    candidate.fastest_per_s = first ? per_s : std::max(candidate.fastest_per_s, per_s);
  }
}

Speed measured_speed(const StoredResult& result, std::vector<MeasuredRate> rates) {
  Speed speed;
  if (result.published) {
    speed = published_speed(result.published->throughput_per_s);
  } else if (result.throughput) {
    speed = speed_of_processes(result.throughput->times_s, result.throughput->streams,
                               result.throughput->per_s);
  } else if (is_under_traffic(result)) {
    speed.mean_s = 1 / carried_per_s(rates);
  } else {
    speed = speed_of(result.times_s);
  }
  speed.measured_rates = std::move(rates);
  return speed;
}

Deployable make_candidate(const StoredResult& result, const Group& group,
                          std::vector<MeasuredRate> rates) {
  Deployable candidate;
  candidate.what = deployed(result);
  candidate.only_under_traffic = is_under_traffic(result);
  candidate.speed = measured_speed(result, std::move(rates));
  candidate.at_least =
      result.published && result.published->bound == PublishedFigure::Bound::kAtLeast;
  candidate.verified = result.verdict == Verdict::kOk;
  candidate.number = result.number;
  candidate.started_at = result.started_at;
  add_interval(candidate, result);
  add_spread(candidate, group);
  return candidate;
}

bool leaves_copies_out(const StoredResult& result) {
  return result.backend_meta.find("-io=device") != std::string::npos;
}

// Why nothing can be planned with the measurement; empty where something can.
std::string why_not_measured(const StoredResult& result, const std::set<std::string>& shapes,
                             const std::vector<MeasuredRate>& rates) {
  if (!result.outcome.ok()) {
    return fmt::format("{}: {}", to_string(result.outcome.kind), result.outcome.reason);
  }
  if (result.verdict == Verdict::kWrong) return "its outputs were wrong";
  if (!result.not_accepted.empty()) return result.not_accepted;
  if (result.suspect) return "the machine was busy with something else; measure it again";
  if (leaves_copies_out(result)) {
    return "its data stayed on the GPU (--io=device); what a caller waits for was not measured";
  }
  if (serves_batches(result)) {
    return fmt::format(
        "it serves batches of {}, and how long requests wait for a batch to fill was not measured; "
        "--batch=1 measures single requests",
        result.throughput->batch);
  }
  if (shapes.count(result.input_shapes) == 0) {
    return fmt::format("another task: input shapes {}", result.input_shapes);
  }
  if (is_under_traffic(result) && carried_per_s(rates) == 0) {
    return "it sustained no rate with a known 99th percentile";
  }
  if (!result.published) return "";
  const PublishedFigure& figure = *result.published;
  if (figure.bound == PublishedFigure::Bound::kBelow) {
    return fmt::format("known only to be below {}/s", format_rate(figure.throughput_per_s));
  }
  if (figure.plus_minus_per_s.value_or(0) >= figure.throughput_per_s) {
    return fmt::format("read from a plot as {} +- {}/s, too inexact to plan with",
                       format_rate(figure.throughput_per_s), format_rate(*figure.plus_minus_per_s));
  }
  return "";
}

std::string why_not_priced(const std::string& instance, const Catalogue& catalogue) {
  const auto bad_row = catalogue.left_out.find(instance);
  if (bad_row != catalogue.left_out.end()) {
    return fmt::format("its row, line {} of {}, can't be used", bad_row->second, catalogue.source);
  }
  return fmt::format("not in {}; --price=USD or --catalogue=FILE gives its price",
                     catalogue.source);
}

// Why the machine is no choice; empty where it is.
std::string why_not_offered(const StoredResult& result, const Catalogue& catalogue,
                            const std::string& arch) {
  const InstanceType* type = catalogue.find(result.instance);
  if (type == nullptr) return why_not_priced(result.instance, catalogue);
  if (!type->usd_per_hour) return fmt::format("{} has no price for it", catalogue.source);
  if (arch.empty()) return "";
  const std::string own = type->arch.empty() ? canonical_arch(result.architecture) : type->arch;
  if (own.empty()) return fmt::format("its architecture is unknown, so it may not be {}", arch);
  return own == arch ? "" : fmt::format("{}, not {}", own, arch);
}

std::map<Deployed, Group> group(const Group& results) {
  std::map<Deployed, Group> groups;
  for (const StoredResult* result : results) groups[deployed(*result)].push_back(result);
  for (auto& [what, group] : groups) sort_by_age(group);
  return groups;
}

// In the order of the groups.
std::vector<std::string> labels_of_newest(const std::map<Deployed, Group>& groups) {
  std::vector<LabelWords> words;
  for (const auto& [what, group] : groups) {
    words.push_back(newest(group).words);
    std::vector<std::string>& parts = words.back().parts;
    parts.resize(parts.size() - std::min(parts.size(), kModeParts));
    words.back().settings = what.settings;
  }
  return labels_of(words);
}

void warn_of_different_models(const Group& results, Selection& selection) {
  std::set<std::string> hashes;
  for (const StoredResult* result : results) {
    if (!result->model_sha256.empty()) hashes.insert(result->model_sha256);
  }
  if (hashes.size() <= 1) return;
  selection.warnings.push_back(
      fmt::format("The results are of {} different files named {}.onnx (their SHA-256 differ).",
                  hashes.size(), results.front()->model));
}

}  // namespace

std::string canonical_model(const std::string& name) {
  std::string stem = name.ends_with(".onnx") ? name.substr(0, name.size() - 5) : name;
  if (stem == "BERT") return "bertsquad-10";
  if (stem == "Resnet50") return "resnet50v1";
  return stem;
}

Selection select_candidates(const std::vector<StoredResult>& results, const std::string& model,
                            const Catalogue& catalogue, const std::string& arch) {
  Group of_model;
  for (const StoredResult& result : results) {
    if (canonical_model(result.model) == canonical_model(model)) of_model.push_back(&result);
  }
  Selection selection;
  if (of_model.empty()) return selection;
  warn_of_different_models(of_model, selection);
  const std::set<std::string> shapes = shapes_of_task(of_model);
  const std::map<Deployed, Group> groups = group(of_model);
  std::vector<std::string> labels = labels_of_newest(groups);
  auto label = labels.begin();
  for (const auto& [what, group] : groups) {
    const StoredResult& result = newest(group);
    std::vector<MeasuredRate> rates = measured_rates(group, shapes);
    std::string reason = why_not_measured(result, shapes, rates);
    if (reason.empty()) reason = why_not_offered(result, catalogue, arch);
    if (!reason.empty()) {
      selection.rejected.push_back({what, *label++, reason});
      continue;
    }
    selection.candidates.push_back(make_candidate(result, group, std::move(rates)));
    selection.candidates.back().label = *label++;
    selection.candidates.back().usd_per_hour = *catalogue.find(what.instance)->usd_per_hour;
  }
  return selection;
}

}  // namespace dnnbench
