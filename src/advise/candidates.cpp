#include "advise/candidates.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <tuple>

#include "advise/measured_rates.h"
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

// An array given as input brings its own shape.
bool has_own_shape(const StoredResult& result) {
  const std::string& settings = settings_of(result);
  for (const char* setting : {"-shape=", "-batch=", "-input=", "-test-data="}) {
    if (settings.find(setting) != std::string::npos) return true;
  }
  return false;
}

bool serves_batches(const StoredResult& result) { return result.batch > 1; }

// The input shapes of the task: those of results without --shape and the like; without such, of
// all. Empty for files that don't say.
std::set<std::string> shapes_of_task(const Group& results) {
  std::set<std::string> plain, own;
  for (const StoredResult* result : results) {
    if (!result->outcome.ok() || serves_batches(*result)) continue;
    (has_own_shape(*result) ? own : plain).insert(result->input_shapes);
  }
  const std::set<std::string>& counting = plain.empty() ? own : plain;
  std::set<std::string> known = counting;
  known.erase("");
  if (known.size() > 1) {
    throw UsageError(fmt::format(
        "the results of {} have different input shapes ({}), which are different tasks; give a "
        "folder that has one of them",
        results.front()->model, fmt::join(known, " ")));
  }
  return counting;
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

// 0 where the file does not say.
double count_of(const StoredResult& result, const std::string& name) {
  return std::max(0.0, std::strtod(condition(result, name).c_str(), nullptr));
}

void add_interval(Deployable& candidate, const StoredResult& result) {
  if (result.published) {
    if (!result.published->plus_minus_per_s) return;
    candidate.low_per_s = result.published->throughput_per_s - *result.published->plus_minus_per_s;
    candidate.high_per_s = result.published->throughput_per_s + *result.published->plus_minus_per_s;
    return;
  }
  if (result.throughput) {
    candidate.lacks_interval =
        !result.throughput->least_per_s || !result.throughput->greatest_per_s;
    if (candidate.lacks_interval) return;
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

// Logical cores, or as many as the cgroup's quota is worth.
void add_cores(Deployable& candidate, const StoredResult& result) {
  candidate.machine_cores = count_of(result, "environment.logical_cores");
  candidate.cores = count_of(result, "environment.affinity_cores");
  const double quota = count_of(result, "environment.cgroup_cpu_quota");
  if (quota > 0 && quota < candidate.cores) candidate.cores = quota;
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
  add_cores(candidate, result);
  add_spread(candidate, group);
  return candidate;
}

bool leaves_copies_out(const StoredResult& result) {
  return result.backend_meta.find("-io=device") != std::string::npos;
}

bool is_of_another_file(const StoredResult& result, const std::string& planned_sha256) {
  return !result.model_sha256.empty() && result.model_sha256 != planned_sha256;
}

std::string short_hash(const std::string& sha256) { return sha256.substr(0, 8); }

std::string why_another_file(const StoredResult& result, const std::string& planned_sha256) {
  if (!is_of_another_file(result, planned_sha256)) return "";
  return fmt::format("another file of this name: SHA-256 {}, and the newest result is of {}",
                     short_hash(result.model_sha256), short_hash(planned_sha256));
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
        result.batch);
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

std::map<Deployed, Group> grouped(const Group& results) {
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

// The SHA-256 of the file that the newest result is of; empty where none says.
std::string newest_file(Group results) {
  std::erase_if(results, [](const StoredResult* one) { return one->model_sha256.empty(); });
  sort_by_age(results);
  return results.empty() ? "" : results.back()->model_sha256;
}

void warn_of_different_files(const Group& results, const std::string& planned,
                             Selection& selection) {
  std::set<std::string> hashes;
  for (const StoredResult* result : results) {
    if (!result->model_sha256.empty()) hashes.insert(result->model_sha256);
  }
  if (hashes.size() <= 1) return;
  selection.warnings.push_back(
      fmt::format("The results are of {} different files named {}.onnx (their SHA-256 differ); "
                  "plans are of the one of the newest result, {}.",
                  hashes.size(), results.front()->model, short_hash(planned)));
}

// Of machines that go by one name.
void warn_of_different_machines(const Group& results, Selection& selection) {
  for (const auto& [name, what] : {std::pair{"environment.cpu_model", "processors"},
                                   std::pair{"environment.logical_cores", "numbers of cores"}}) {
    std::map<std::string, std::set<std::string>> found;
    for (const StoredResult* result : results) {
      const std::string value = condition(*result, name);
      if (!value.empty()) found[result->instance].insert(value);
    }
    for (const auto& [instance, values] : found) {
      if (values.size() <= 1) continue;
      selection.warnings.push_back(
          fmt::format("The results of {} are of machines with different {} ({}).", instance, what,
                      fmt::join(values, ", ")));
    }
  }
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
  Group of_model, of_file, of_others;
  for (const StoredResult& result : results) {
    if (canonical_model(result.model) == canonical_model(model)) of_model.push_back(&result);
  }
  Selection selection;
  if (of_model.empty()) return selection;
  const std::string file = newest_file(of_model);
  for (const StoredResult* result : of_model) {
    (is_of_another_file(*result, file) ? of_others : of_file).push_back(result);
  }
  warn_of_different_files(of_model, file, selection);
  warn_of_different_machines(of_file, selection);
  const std::set<std::string> shapes = shapes_of_task(of_file);
  std::map<Deployed, Group> groups = grouped(of_file);
  groups.merge(grouped(of_others));  // the deployments that were measured with other files alone
  std::vector<std::string> labels = labels_of_newest(groups);
  auto label = labels.begin();
  for (const auto& [what, group] : groups) {
    const StoredResult& result = newest(group);
    std::vector<MeasuredRate> rates = measured_rates(group, shapes);
    std::string reason = why_another_file(result, file);
    if (reason.empty()) reason = why_not_measured(result, shapes, rates);
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
