#include "compare/compare_results.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "core/statistics.h"

namespace dnnbench {
namespace {

constexpr size_t kChunks = 20;  // of a file without blocks

// Model, engine and settings; the instance only where a folder has several of them.
using Key = std::tuple<std::string, std::string, std::string, bool, std::string>;

bool has_one_instance(const std::vector<StoredResult>& results) {
  std::set<std::string> instances;
  for (const StoredResult& result : results) instances.insert(result.instance);
  return instances.size() <= 1;
}

std::map<Key, const StoredResult*> by_key(const std::vector<StoredResult>& results,
                                          bool with_instance) {
  std::map<Key, const StoredResult*> found;
  for (const StoredResult& result : results) {
    found[{result.model, result.backend, result.backend_meta, result.quantized,
           with_instance ? result.instance : ""}] = &result;
  }
  return found;
}

bool has_figure(const StoredResult& result) {
  return result.outcome.ok() && result.verdict != Verdict::kWrong && !result.times_s.empty();
}

// Medians of the blocks; of a file that does not tell them, of so many pieces of its data.
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

Ratio ratio_of_runs(const StoredResult& before, const StoredResult& after, double alpha) {
  const Interval was = latency_interval_s(block_medians(before), alpha / 2);
  const Interval is = latency_interval_s(block_medians(after), alpha / 2);
  Ratio ratio;
  ratio.value = median(after.times_s) / median(before.times_s);
  ratio.interval = {is.low / was.high, is.high / was.low};
  ratio.relation = relation_of(ratio.interval);
  return ratio;
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

Compared compare_pair(const StoredResult* before, const StoredResult* after, double alpha) {
  const StoredResult& named = after ? *after : *before;
  Compared row{named.model, named.backend, named.backend_meta, named.instance, {}};
  const bool was = before && has_figure(*before), is = after && has_figure(*after);
  if (was) row.before_s = median(before->times_s);
  if (is) row.after_s = median(after->times_s);
  if (after && !is) row.reason = after->outcome.reason;
  row.ratio.interval = median_interval({}, alpha);
  row.ratio.relation = Relation::kUndecided;
  if (!before || !after) {
    row.change = after ? Change::kNew : Change::kMissing;
  } else if (!was || !is) {
    row.change = was ? Change::kBroken : is ? Change::kMended : Change::kNoFigure;
  } else {
    row.ratio = ratio_of_runs(*before, *after, alpha);
    row.change =
        before->suspect || after->suspect ? Change::kSuspect : change_of(row.ratio.relation);
  }
  return row;
}

// Sentences for all conditions in which some pair differs, each once.
void warn(const StoredResult& before, const StoredResult& after, std::set<std::string>& warnings) {
  for (const auto& [name, value] : before.conditions) {
    const auto other = after.conditions.find(name);
    if (other == after.conditions.end() || other->second == value) continue;
    // Every engine has its own version.
    const std::string whose = name == "engine_version" ? before.backend + ": " : "";
    warnings.insert(
        fmt::format("{}{} differs: {} before, {} after", whose, name, value, other->second));
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
    case Change::kMended:
      return "mended";
    case Change::kNoFigure:
      return "no figure";
    case Change::kMissing:
      return "missing";
    case Change::kNew:
      break;
  }
  return "new";
}

ComparedFolders compare_results(const std::vector<StoredResult>& before,
                                const std::vector<StoredResult>& after, double confidence) {
  const bool with_instance = !has_one_instance(before) || !has_one_instance(after);
  const auto old_results = by_key(before, with_instance);
  const auto new_results = by_key(after, with_instance);
  std::set<Key> keys;
  for (const auto& [key, result] : old_results) keys.insert(key);
  for (const auto& [key, result] : new_results) keys.insert(key);
  ComparedFolders compared;
  std::set<std::string> warnings;
  std::vector<LabelWords> words;
  for (const Key& key : keys) {
    const auto was = old_results.find(key), is = new_results.find(key);
    const StoredResult* const old_result = was == old_results.end() ? nullptr : was->second;
    const StoredResult* const new_result = is == new_results.end() ? nullptr : is->second;
    compared.rows.push_back(compare_pair(old_result, new_result, 1 - confidence));
    words.push_back((new_result ? new_result : old_result)->words);
    if (old_result && new_result) warn(*old_result, *new_result, warnings);
  }
  const std::vector<std::string> labels = labels_of(words);
  for (size_t i = 0; i < labels.size(); ++i) compared.rows[i].label = labels[i];
  compared.warnings.assign(warnings.begin(), warnings.end());
  return compared;
}

bool is_worse_than(const Compared& row, double share) {
  if (row.change == Change::kBroken || row.change == Change::kMissing) return true;
  return row.change == Change::kSlower && row.ratio.interval.low > 1 + share;
}

}  // namespace dnnbench
