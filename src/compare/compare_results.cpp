#include "compare/compare_results.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "core/statistics.h"

namespace dnnbench {
namespace {

constexpr size_t kChunks = 20;  // of a file without blocks

// Of what is compared; what doesn't matter is left empty.
struct Key {
  std::string model, folder, backend, backend_meta, instance;
  bool quantized = false;

  auto operator<=>(const Key&) const = default;
};

struct Pair {
  const StoredResult* before = nullptr;
  const StoredResult* after = nullptr;
};

// What a side has only because others were compared with it there.
bool is_only_compared_with(const Pair& pair) {
  if (pair.before && pair.after) return false;
  return (pair.before ? pair.before : pair.after)->only_compared_with;
}

size_t count_distinct(const std::vector<StoredResult>& results, std::string StoredResult::* what) {
  std::set<std::string> texts;
  for (const StoredResult& result : results) texts.insert(result.*what);
  return texts.size();
}

// Models that were measured for their own sake.
size_t count_own_models(const std::vector<StoredResult>& results) {
  std::set<std::string> models;
  for (const StoredResult& result : results) {
    if (!result.only_compared_with) models.insert(result.model);
  }
  return models.size();
}

bool is_newer(const StoredResult& a, const StoredResult& b) {
  return std::tie(a.started_at, a.modified) > std::tie(b.started_at, b.modified);
}

// Which results of two folders belong together.
class Pairing {
 public:
  Pairing(const std::vector<StoredResult>& before, const std::vector<StoredResult>& after)
      : with_instance_(count_distinct(before, &StoredResult::instance) > 1 ||
                       count_distinct(after, &StoredResult::instance) > 1),
        with_model_(count_distinct(before, &StoredResult::model) > 1 ||
                    count_distinct(after, &StoredResult::model) > 1),
        with_own_models_(count_own_models(before) > 1 || count_own_models(after) > 1) {
    find_files_of_one_name(before);
    find_files_of_one_name(after);
    add(before, &Pair::before);
    add(after, &Pair::after);
    join_those_left();
    std::erase_if(pairs_, [](const auto& entry) { return is_only_compared_with(entry.second); });
  }

  // By model, then engine and settings.
  const std::map<Key, Pair>& pairs() const { return pairs_; }

 private:
  Key key_without_folder(const StoredResult& result) const {
    return {with_model_ ? result.model : "",
            "",
            result.backend,
            result.backend_meta,
            with_instance_ ? result.instance : "",
            result.quantized};
  }

  Key key_of(const StoredResult& result) const {
    Key key = key_without_folder(result);
    if (of_one_name_.count(key) > 0) {
      key.folder = std::filesystem::path(result.model_path).parent_path().filename().string();
    }
    return key;
  }

  // Of MODEL and another MODEL that it took turns with neither is newer.
  void find_files_of_one_name(const std::vector<StoredResult>& results) {
    std::map<std::pair<Key, std::string>, std::set<std::string>> paths;
    for (const StoredResult& result : results) {
      if (result.started_at.empty()) continue;
      const Key key = key_without_folder(result);
      std::set<std::string>& of_run = paths[{key, result.started_at}];
      of_run.insert(result.model_path);
      if (of_run.size() > 1) of_one_name_.insert(key);
    }
  }

  void add(const std::vector<StoredResult>& results, const StoredResult* Pair::* side) {
    for (const StoredResult& result : results) {
      const StoredResult*& kept = pairs_[key_of(result)].*side;
      if (kept == nullptr || is_newer(result, *kept)) kept = &result;
    }
  }

  void join_those_left() {
    std::map<Key, std::pair<std::vector<Key>, std::vector<Key>>> left;
    for (const auto& [key, pair] : pairs_) {
      if (is_only_compared_with(pair)) continue;
      Key without_settings = key;
      without_settings.backend_meta = provider_of(key.backend_meta);
      without_settings.folder.clear();
      if (!with_own_models_) without_settings.model.clear();
      if (pair.after == nullptr) left[without_settings].first.push_back(key);
      if (pair.before == nullptr) left[without_settings].second.push_back(key);
    }
    for (const auto& [ignored, keys] : left) {
      if (keys.first.size() != 1 || keys.second.size() != 1) continue;
      pairs_[keys.second[0]].before = pairs_[keys.first[0]].before;
      pairs_.erase(keys.first[0]);
    }
  }

  // Of "cuda-threads=2": "cuda".
  static std::string provider_of(const std::string& meta) { return meta.substr(0, meta.find('-')); }

  const bool with_instance_, with_model_, with_own_models_;
  std::set<Key> of_one_name_;
  std::map<Key, Pair> pairs_;
};

bool is_ok(const StoredResult& result) {
  return result.outcome.ok() && result.verdict != Verdict::kWrong;
}

std::optional<double> median_of(const StoredResult* result) {
  if (result == nullptr || !is_ok(*result) || result->times_s.empty()) return std::nullopt;
  return median(result->times_s);
}

// Medians of the blocks; of a file that does not hold them, of so many pieces of its data.
std::vector<double> block_medians(const StoredResult& result) {
  std::map<double, std::vector<double>> blocks;
  const size_t count = result.times_s.size();
  const size_t pieces = std::min(kChunks, count);
  for (size_t i = 0; i < count; ++i) {
    const double block =
        result.block.empty() ? static_cast<double>(i * pieces / count) : result.block[i];
    blocks[block].push_back(result.times_s[i]);
  }
  std::vector<double> medians;
  for (const auto& [block, times] : blocks) medians.push_back(median(times));
  return medians;
}

// One folder compared with itself.
bool are_the_same_run(const StoredResult& before, const StoredResult& after) {
  return before.times_s == after.times_s && before.block == after.block;
}

Ratio ratio_of_runs(const StoredResult& before, const StoredResult& after, double alpha,
                    double run_to_run) {
  if (are_the_same_run(before, after)) return {};
  const Interval was = latency_interval_s(block_medians(before), alpha / 2);
  const Interval is = latency_interval_s(block_medians(after), alpha / 2);
  Ratio ratio;
  ratio.value = median(after.times_s) / median(before.times_s);
  ratio.interval = {is.low / was.high / run_to_run, is.high / was.low * run_to_run};
  ratio.relation = relation_of(ratio.interval);
  return ratio;
}

// Whether nothing that a run could measure once more differs.
bool are_of_the_same(const StoredResult& before, const StoredResult& after) {
  constexpr std::array kWhat{"model_sha256", "engine_version", "device",       "precision",
                             "threads",      "number",         "input_shapes", "seed"};
  return std::all_of(kWhat.begin(), kWhat.end(), [&](const char* what) {
    const auto was = before.conditions.find(what), is = after.conditions.find(what);
    return was != before.conditions.end() && is != after.conditions.end() &&
           was->second == is->second;
  });
}

Compared compare_pair(const StoredResult* before, const StoredResult* after, double alpha,
                      const RunToRun& folders) {
  const StoredResult& named = after ? *after : *before;
  Compared row{named.model, named.backend, named.backend_meta, named.instance, {}};
  const bool was = before && is_ok(*before), is = after && is_ok(*after);
  row.before_s = median_of(before);
  row.after_s = median_of(after);
  if (after && !is) row.reason = after->outcome.reason;
  row.ratio.interval = median_interval({}, alpha);
  row.ratio.relation = Relation::kUndecided;
  if (!before || !after) {
    row.change = after ? Change::kNew : Change::kMissing;
  } else if (before->mode != "latency" || after->mode != "latency") {
    row.change = Change::kNotCompared;
    row.reason = "measured in another mode than latency, which is not compared";
  } else if (!was || !is) {
    row.change = was ? Change::kBroken : is ? Change::kFixed : Change::kNoFigure;
  } else if (!row.before_s || !row.after_s) {
    row.change = Change::kNotCompared;
    row.reason = "a published figure has no times to compare";
  } else {
    row.is_the_same = are_of_the_same(*before, *after);
    row.run_to_run = run_to_run_of(*before, *after, folders);
    row.ratio = ratio_of_runs(*before, *after, alpha, row.run_to_run.ratio);
    row.change =
        before->suspect || after->suspect ? Change::kSuspect : change_of(row.ratio.relation);
  }
  return row;
}

// Sentences for all conditions in which some pair differs, each once.
void warn(const StoredResult& before, const StoredResult& after, std::set<std::string>& warnings) {
  const auto add = [&](const std::string& what, const std::string& was, const std::string& is) {
    if (was != is) warnings.insert(fmt::format("{} differs: {} before, {} after", what, was, is));
  };
  add("model", before.model, after.model);
  add(before.backend + ": backend_meta", before.backend_meta, after.backend_meta);
  for (const auto& [name, value] : before.conditions) {
    const auto other = after.conditions.find(name);
    if (other == after.conditions.end()) continue;
    // Every engine has its own version.
    const std::string whose = name == "engine_version" ? before.backend + ": " : "";
    add(whose + name, value, other->second);
  }
}

}  // namespace

std::string_view to_string(Change change) {
  switch (change) {
    case Change::kFaster:
      return "faster";
    case Change::kSlower:
      return "slower";
    case Change::kTie:
      return "tie";
    case Change::kUndecided:
      return "undecided";
    case Change::kSuspect:
      return "suspect";
    case Change::kBroken:
      return "broken";
    case Change::kFixed:
      return "fixed";
    case Change::kNoFigure:
      return "no figure";
    case Change::kMissing:
      return "missing";
    case Change::kNew:
      return "new";
    case Change::kNotCompared:
      break;
  }
  return "not compared";
}

Change change_of(Relation relation) {
  switch (relation) {
    case Relation::kFaster:
      return Change::kFaster;
    case Relation::kSlower:
      return Change::kSlower;
    case Relation::kTie:
      return Change::kTie;
    case Relation::kUndecided:
      break;
  }
  return Change::kUndecided;
}

Compared compare_stored(const StoredResult& before, const StoredResult& after, double confidence,
                        const RunToRun& folders) {
  return compare_pair(&before, &after, 1 - confidence, folders);
}

ComparedFolders compare_results(const std::vector<StoredResult>& before,
                                const std::vector<StoredResult>& after, double confidence,
                                const RunToRun& folders) {
  ComparedFolders compared;
  std::set<std::string> warnings;
  std::vector<LabelWords> words;
  const Pairing pairing(before, after);
  for (const auto& [key, pair] : pairing.pairs()) {
    Compared& row =
        compared.rows.emplace_back(compare_pair(pair.before, pair.after, 1 - confidence, folders));
    if (!key.folder.empty()) row.model = key.folder + "/" + row.model;
    words.push_back((pair.after ? pair.after : pair.before)->words);
    if (pair.before && pair.after) warn(*pair.before, *pair.after, warnings);
  }
  const std::vector<std::string> labels = labels_of(words);
  for (size_t i = 0; i < labels.size(); ++i) compared.rows[i].label = labels[i];
  compared.warnings.assign(warnings.begin(), warnings.end());
  return compared;
}

}  // namespace dnnbench
