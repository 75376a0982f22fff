#include "measure/against.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <optional>
#include <regex>
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

// Absent where it is no number of threads: a result file may come from anywhere.
std::optional<int> number_of_threads(const std::string& text) {
  int threads = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, threads);
  return error == std::errc() && rest == end && threads > 0 ? std::optional(threads) : std::nullopt;
}

// Without the quotation marks of JSON.
std::string stored_version(const StoredResult& stored) {
  const auto version = stored.conditions.find("engine_version");
  if (version == stored.conditions.end() || version->second.size() < 2) return "";
  return version->second.substr(1, version->second.size() - 2);
}

bool is_newer(const StoredResult* a, const StoredResult* b) {
  return std::tie(a->started_at, a->modified) > std::tie(b->started_at, b->modified);
}

class Planner {
 public:
  Planner(const RunOptions& options, const std::vector<StoredResult>& earlier,
          const VersionOf& version_of)
      : options_(options), earlier_(earlier), version_of_(version_of) {}

  const StoredResult* find(const Candidate& candidate) {
    const std::string own = settings_without_version(candidate);
    std::vector<const StoredResult*> same, other;
    for (const StoredResult& stored : earlier_) {
      if (!is_of(candidate, stored)) continue;
      (without_version(stored.backend_meta) == own ? same : other).push_back(&stored);
    }
    if (!same.empty()) return *std::min_element(same.begin(), same.end(), is_newer);
    return other.size() == 1 ? other.front() : nullptr;
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
  std::string settings_without_version(const Candidate& candidate) {
    const auto [names, is_new] = input_names_.try_emplace(candidate.model_path);
    if (is_new) names->second = input_names_of(candidate.model_path);
    return without_version(settings_of(options_, candidate, names->second));
  }

  // Where the folder has a single model, it is that one, whatever it was called.
  bool is_of(const Candidate& candidate, const StoredResult& stored) const {
    const auto is_other = [&](const StoredResult& one) { return one.model != stored.model; };
    const bool one_model = std::none_of(earlier_.begin(), earlier_.end(), is_other);
    const std::string name = fs::path(candidate.model_path).stem().string();
    const std::string provider = candidate.provider.empty() ? "cpu" : candidate.provider;
    const std::string& meta = stored.backend_meta;
    const std::string named = with_safe_characters(provider);
    return stored.mode == "latency" && (one_model || stored.model == name) &&
           stored.backend == candidate.backend && meta.rfind(named, 0) == 0 &&
           (meta.size() == named.size() || meta[named.size()] == '-');
  }

  std::string set_version(const StoredResult& stored, Candidate& then) const {
    const std::string version = stored_version(stored);
    if (version.empty()) return "its version is not known";
    if (version == version_of_(then)) return "";
    if (!version_is_built(then.engine, version)) {
      return fmt::format("version {} is not to be had here", version);
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
    row.change = was ? Change::kBroken : is ? Change::kMended : Change::kNoFigure;
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
