#include "measure/standing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "core/statistics.h"
#include "results/units.h"
#include "run/candidate.h"

namespace dnnbench {
namespace {

constexpr double kEqual = 0.005;  // what would be shown as 1.00x

std::vector<double> known(const std::vector<double>& times_s) {
  std::vector<double> known;
  std::copy_if(times_s.begin(), times_s.end(), std::back_inserter(known),
               [](double time_s) { return !std::isnan(time_s); });
  return known;
}

struct Place {
  size_t engine = 0;
  double median_s = 0;
};

std::vector<Place> fastest_first(const BlockTimes& table) {
  std::vector<Place> places;
  for (size_t engine = 0; engine < table.size(); ++engine) {
    const std::vector<double> times_s = known(table[engine]);
    if (!times_s.empty()) places.push_back({engine, median(times_s)});
  }
  std::stable_sort(places.begin(), places.end(),
                   [](const Place& a, const Place& b) { return a.median_s < b.median_s; });
  return places;
}

// Median of the common blocks' ratios; of the medians where there is none.
double ratio(const BlockTimes& table, const Place& slower, const Place& faster) {
  std::vector<double> ratios;
  for (size_t block = 0; block < table[slower.engine].size(); ++block) {
    ratios.push_back(table[slower.engine][block] / table[faster.engine][block]);
  }
  ratios = known(ratios);
  return ratios.empty() ? slower.median_s / faster.median_s : median(ratios);
}

std::string order(const std::vector<std::string>& labels, const BlockTimes& table,
                  const std::vector<Place>& places) {
  Place first = places[0];
  if (places.size() == 1) {
    return fmt::format("{} {}", labels[first.engine], format_seconds(first.median_s));
  }
  Place second = places[1];
  double ahead = ratio(table, second, first);
  if (ahead < 1) {
    std::swap(first, second);
    ahead = 1 / ahead;
  }
  if (ahead < 1 + kEqual) {
    return fmt::format("{} and {} equal so far", labels[first.engine], labels[second.engine]);
  }
  return fmt::format("{} {:.2f}x ahead of {}", labels[first.engine], ahead, labels[second.engine]);
}

size_t blocks_with_times(const BlockTimes& table) {
  size_t max = 0;
  for (const std::vector<double>& times_s : table) max = std::max(max, known(times_s).size());
  return max;
}

}  // namespace

std::string standing(const std::vector<std::string>& labels, const BlockTimes& table,
                     size_t disturbed) {
  const std::vector<Place> places = fastest_first(table);
  if (places.empty() && disturbed > 0) {
    return counted(static_cast<int64_t>(disturbed), "block") + ", all disturbed";
  }
  std::string text = places.empty() ? "" : order(labels, table, places) + ", ";
  text += counted(static_cast<int64_t>(blocks_with_times(table)), "block");
  if (disturbed > 0) text += fmt::format(", {} disturbed", disturbed);
  return text;
}

}  // namespace dnnbench
