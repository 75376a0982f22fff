#include "measure/against.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <tuple>

#include "core/sha256.h"
#include "measure/rank_results.h"
#include "onnx/model.h"
#include "process/worker_process.h"
#include "run/names.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> input_names_of(const std::string& model_path) {
  std::vector<std::string> names;
  for (const ModelValue& input : read_model(model_path).inputs) names.push_back(input.name);
  return names;
}

std::string without_version(const std::string& settings) {
  static const std::regex kVersion("-version=[0-9.]+");
  return std::regex_replace(settings, kVersion, "");
}

// "2" of "cpu-threads=2-precision=bf16" for "threads"; "" where it is not there. One value alone
// has a "-".
std::string setting(const std::string& settings, const std::string& name) {
  std::smatch match;
  const std::regex pattern("-" + name + "=(int8-dynamic|[^-]+)");
  return std::regex_search(settings, match, pattern) ? match[1].str() : "";
}

// Absent where it is not a number of threads: a result file may come from anywhere.
std::optional<int> number_of_threads(const std::string& text) {
  int threads = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, threads);
  return error == std::errc() && rest == end && threads > 0 ? std::optional(threads) : std::nullopt;
}

// Without the quotation marks of JSON.
std::string stored_version(const StoredResult& stored) {
  const std::string version = condition(stored, "engine_version");
  return version.size() < 2 ? "" : version.substr(1, version.size() - 2);
}

class Planner {
 public:
  Planner(const RunOptions& options, const std::vector<StoredResult>& earlier,
          const VersionOf& version_of)
      : options_(options), earlier_(earlier), version_of_(version_of) {
    std::set<std::string> paths, names;
    for (const std::vector<Candidate>& candidates : options.comparisons) {
      for (const Candidate& candidate : candidates) paths.insert(candidate.model_path);
    }
    for (const StoredResult& stored : earlier) {
      if (!stored.only_compared_with) names.insert(stored.model);
    }
    one_model_ = paths.size() <= 1 && names.size() == 1;
  }

  const StoredResult* find(const Candidate& candidate) {
    const Results same = with_its_settings(candidate);
    if (!same.empty()) return newest(same, candidate);
    Results other;
    std::set<std::string> settings;
    for (const StoredResult& stored : earlier_) {
      if (!is_of(candidate, stored) || is_claimed(stored, candidate)) continue;
      other.push_back(&stored);
      settings.insert(without_version(stored.backend_meta));
    }
    return settings.size() == 1 ? newest(other, candidate) : nullptr;
  }

  // Adds the candidate that the result was of, or why it can't be measured.
  void add(size_t index, const StoredResult& stored, AgainstPlan& plan) {
    const Candidate& now = plan.candidates[index];
    Candidate then = now;
    std::string why = set_version(stored, then);
    if (why.empty()) why = set_model(stored, then);
    if (why.empty()) why = set_settings(stored, then);
    if (why.empty() && then == now) {
      why =
          "version, model file and settings are still the same, so there is nothing to measure in "
          "turns";
    }
    if (!why.empty()) {
      plan.stored.push_back({index, stored, why});
      return;
    }
    // One that is measured anyway is not measured twice.
    const auto same = std::find(plan.candidates.begin(), plan.candidates.end(), then);
    plan.pairs.push_back({static_cast<size_t>(same - plan.candidates.begin()), index});
    if (same == plan.candidates.end()) plan.candidates.push_back(then);
  }

 private:
  using Results = std::vector<const StoredResult*>;

  std::string settings(const Candidate& candidate) {
    const auto [names, is_new] = input_names_.try_emplace(candidate.model_path);
    if (is_new) names->second = input_names_of(candidate.model_path);
    return settings_of(options_, candidate, names->second);
  }

  std::string settings_without_version(const Candidate& candidate) {
    return without_version(settings(candidate));
  }

  Results with_its_settings(const Candidate& candidate) {
    const std::string own = settings_without_version(candidate);
    Results found;
    for (const StoredResult& stored : earlier_) {
      const bool fits = is_of(candidate, stored) && without_version(stored.backend_meta) == own;
      if (fits) found.push_back(&stored);
    }
    return found;
  }

  // Of one run, which may have measured an earlier version or file again, the candidate's own.
  const StoredResult* newest(const Results& results, const Candidate& candidate) {
    const std::string own = settings(candidate), path = fs::absolute(candidate.model_path).string();
    const auto key = [&](const StoredResult* one) {
      return std::tuple(one->started_at, one->backend_meta == own, one->model_path == path,
                        one->modified);
    };
    return *std::max_element(results.begin(), results.end(),
                             [&](const auto* a, const auto* b) { return key(a) < key(b); });
  }

  // Whether it is the earlier form of one with other settings, or as likely that as this one's.
  bool is_claimed(const StoredResult& stored, const Candidate& candidate) {
    const std::string own = settings_without_version(candidate);
    const auto claims = [&](const Candidate& other) {
      const std::string others = settings_without_version(other);
      if (others == own || !is_of(other, stored)) return false;
      return others == without_version(stored.backend_meta) || with_its_settings(other).empty();
    };
    return std::any_of(
        options_.comparisons.begin(), options_.comparisons.end(),
        [&](const auto& all) { return std::any_of(all.begin(), all.end(), claims); });
  }

  // Where the run and the folder have a single model, it is that one, whatever it was called.
  bool is_of(const Candidate& candidate, const StoredResult& stored) const {
    const std::string name = fs::path(candidate.model_path).stem().string();
    const std::string provider = candidate.provider.empty() ? "cpu" : candidate.provider;
    const std::string& meta = stored.backend_meta;
    const std::string named = with_safe_characters(provider);
    return stored.mode == "latency" &&
           ((one_model_ && !stored.only_compared_with) || stored.model == name) &&
           stored.backend == candidate.backend && meta.rfind(named, 0) == 0 &&
           (meta.size() == named.size() || meta[named.size()] == '-');
  }

  std::string set_version(const StoredResult& stored, Candidate& then) const {
    const std::string version = stored_version(stored);
    if (version.empty()) return "its version is not known";
    if (version == version_of_(then)) return "";
    if (!version_is_built(then.engine, version)) {
      return fmt::format("version {} is not available here", version);
    }
    then.engine_version = version;
    return "";
  }

  std::string set_model(const StoredResult& stored, Candidate& then) {
    if (stored.model_sha256 == hash_of(then.model_path)) return "";
    std::error_code ignored;
    const std::string& path = stored.model_path;
    if (fs::is_regular_file(path, ignored) && stored.model_sha256 == hash_of(path)) {
      then.model_path = path;
      return "";
    }
    return fmt::format("the model file that was measured then is no longer at {}", path);
  }

  std::string set_settings(const StoredResult& stored, Candidate& then) {
    const std::string& meta = stored.backend_meta;
    const std::string threads = setting(meta, "threads"), precision = setting(meta, "precision");
    then.threads = number_of_threads(threads);
    then.precision = precision.empty() ? "f32" : precision;
    // Only a run with --variants has what quantised models are made with.
    const bool can_be_made = options_.variants || !is_quantised(then.precision);
    if (can_be_made && settings_without_version(then) == without_version(meta)) return "";
    return fmt::format("its settings were others ({})", meta);
  }

  std::string hash_of(const std::string& path) {
    const auto [hash, is_new] = hashes_.try_emplace(path);
    if (is_new) hash->second = sha256_of_file(path);
    return hash->second;
  }

  const RunOptions& options_;
  const std::vector<StoredResult>& earlier_;
  const VersionOf& version_of_;
  bool one_model_ = false;
  std::map<std::string, std::vector<std::string>> input_names_;
  std::map<std::string, std::string> hashes_;
};

// "openvino" and ", 2026.4.1" of a label, or the version that was in force where it says nothing.
std::string apart(const Result& result, const std::string& label) {
  const std::string engine = engine_name(result.candidate.backend, result.candidate.provider);
  if (label.size() > engine.size() + 2) return label.substr(engine.size() + 2);
  return result.engine.load.engine_version.value_or("before");
}

// The first of those before `index` that is like that one in all but this.
template <typename Member>
std::optional<size_t> first_but_for(Member Candidate::* member,
                                    const std::vector<Candidate>& candidates, size_t index) {
  for (size_t first = 0; first < index; ++first) {
    Candidate same = candidates[index];
    same.*member = candidates[first].*member;
    if (same == candidates[first]) return first;
  }
  return std::nullopt;
}

// A file that doesn't compute the same may well be faster.
std::string why_not_compared(const Result& before, const Result& after) {
  const Outcome& outcome = before.outcome;
  const bool other_outputs = outcome.kind == OutcomeKind::kWrongOutput &&
                             before.candidate.model_path != after.candidate.model_path;
  return fmt::format(
      "not compared, because what was before {} ({})",
      other_outputs ? "has other outputs" : fmt::format("is {} today", to_string(outcome.kind)),
      outcome.reason);
}

std::string label_of_pair(const Result& before, const Result& after) {
  const std::vector<std::string> labels = labels_of({before.candidate, after.candidate});
  return fmt::format("{}: {} -> {}", engine_name(after.candidate.backend, after.candidate.provider),
                     apart(before, labels[0]), apart(after, labels[1]));
}

}  // namespace

std::vector<CandidatePair> pairs_of(const std::vector<Candidate>& candidates) {
  std::vector<CandidatePair> pairs;
  const bool by_model = candidates.front().model_path != candidates.back().model_path;
  for (size_t index = 0; index < candidates.size(); ++index) {
    if (by_model) {
      // MODEL is what is asked about, and --versus what it is compared with.
      const auto model = first_but_for(&Candidate::model_path, candidates, index);
      if (model) pairs.push_back({index, *model});
      continue;
    }
    auto other = first_but_for(&Candidate::engine_version, candidates, index);
    if (!other) other = first_but_for(&Candidate::threads, candidates, index);
    if (other) pairs.push_back({*other, index});
  }
  return pairs;
}

AgainstPlan plan_against(const RunOptions& options, const std::vector<Candidate>& candidates,
                         const std::vector<StoredResult>& earlier, const VersionOf& version_of) {
  AgainstPlan plan;
  plan.candidates = candidates;
  const std::vector<std::string> labels = labels_of(candidates);
  Planner planner(options, earlier, version_of);
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (const StoredResult* const stored = planner.find(candidates[i])) {
      planner.add(i, *stored, plan);
    } else {
      plan.without_earlier.push_back(labels[i]);
    }
  }
  return plan;
}

void mark_those_only_compared_with(std::vector<Candidate>& candidates, size_t own) {
  for (size_t i = 0; i < candidates.size(); ++i) {
    const bool is_of_versus = candidates[i].model_path != candidates[0].model_path;
    candidates[i].only_compared_with = i >= own || is_of_versus;
  }
}

Compared compare_in_turns(const Result& before, const Result& after, double alpha,
                          const Result* anchor) {
  Compared row;
  row.model = fs::path(after.model.path).stem().string();
  row.backend = after.candidate.backend;
  row.backend_meta = after.backend_meta;
  row.instance = after.instance;
  row.label = label_of_pair(before, after);
  row.in_turns = true;
  row.reason = after.outcome.reason;
  row.ratio.interval = median_interval({}, alpha);
  row.ratio.relation = Relation::kUndecided;
  const bool was = before.outcome.ok(), is = after.outcome.ok();
  if (was) row.before_s = shown_median_s(before);
  if (is) row.after_s = shown_median_s(after);
  if (!was || !is) {
    row.change = was ? Change::kBroken : is ? Change::kNotCompared : Change::kNoFigure;
    if (row.change == Change::kNotCompared) row.reason = why_not_compared(before, after);
    return row;
  }
  const std::optional<Ratio> ratio = ratio_in_turns(after, before, alpha, anchor);
  if (!ratio) {
    row.change = Change::kNotCompared;
    row.reason = "not compared, because they took no turns with each other";
    return row;
  }
  row.ratio = *ratio;
  const bool suspect = is_suspect(before) || is_suspect(after);
  row.change = suspect ? Change::kSuspect : change_of(row.ratio.relation);
  return row;
}

}  // namespace dnnbench
