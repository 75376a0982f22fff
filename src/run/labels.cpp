#include "run/labels.h"

#include <algorithm>
#include <map>
#include <set>

namespace dnnbench {
namespace {

void add_where_it_differs(const std::vector<std::string>& texts, std::vector<std::string>& labels) {
  const bool differs = std::any_of(texts.begin(), texts.end(),
                                   [&](const std::string& text) { return text != texts.front(); });
  if (!differs) return;
  for (size_t i = 0; i < texts.size(); ++i) {
    if (!texts[i].empty()) labels[i] += ", " + texts[i];
  }
}

void add_versions(const std::vector<LabelWords>& shown, std::vector<std::string>& labels) {
  std::map<std::string, std::set<std::string>> versions;
  for (const LabelWords& one : shown) versions[one.engine].insert(one.version);
  for (size_t i = 0; i < shown.size(); ++i) {
    const bool differs = versions[shown[i].engine].size() > 1;
    if (differs && !shown[i].version.empty()) labels[i] += ", " + shown[i].version;
  }
}

void tell_equal_ones_apart(const std::vector<LabelWords>& shown, std::vector<std::string>& labels) {
  std::map<std::string, std::set<std::string>> settings;
  for (size_t i = 0; i < shown.size(); ++i) settings[labels[i]].insert(shown[i].settings);
  for (size_t i = 0; i < shown.size(); ++i) {
    if (settings[labels[i]].size() > 1) labels[i] += " (" + shown[i].settings + ")";
  }
}

}  // namespace

std::vector<std::string> labels_of(const std::vector<LabelWords>& shown) {
  std::vector<std::string> labels;
  for (const LabelWords& one : shown) labels.push_back(one.engine);
  if (shown.empty()) return labels;
  add_versions(shown, labels);
  for (size_t part = 0; part < shown.front().parts.size(); ++part) {
    std::vector<std::string> texts;
    for (const LabelWords& one : shown) texts.push_back(one.parts.at(part));
    add_where_it_differs(texts, labels);
  }
  tell_equal_ones_apart(shown, labels);
  return labels;
}

}  // namespace dnnbench
