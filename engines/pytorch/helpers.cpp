#include "helpers.h"

#include <map>

#include "core/error.h"

namespace dnnbench::pytorch {
namespace {

using Helpers = std::map<std::string, Helper>;

void add_helpers(const std::string& text, Helpers& helpers) {
  size_t start = text.find("def ");
  while (start != std::string::npos) {
    const size_t next = text.find("\ndef ", start);
    const size_t name = start + 4;
    helpers[text.substr(name, text.find('(', name) - name)].source =
        text.substr(start, next == std::string::npos ? next : next + 1 - start);
    start = next == std::string::npos ? next : next + 1;
  }
}

void find_needed(Helpers& helpers) {
  for (auto& [name, helper] : helpers) {
    for (const auto& [other, ignored] : helpers) {
      if (helper.source.find("self." + other + "(") != std::string::npos) {
        helper.needed.push_back(other);
      }
    }
  }
}

const Helpers& helpers() {
  static const Helpers kHelpers = [] {
    Helpers helpers;
    for (const char* text : {kDetectionHelpers, kIndexingHelpers, kQuantizationHelpers,
                             kRecurrentHelpers, kReductionHelpers, kResizingHelpers,
                             kSequenceHelpers, kShapingHelpers, kSignalHelpers, kWindowHelpers}) {
      add_helpers(text, helpers);
    }
    find_needed(helpers);
    return helpers;
  }();
  return kHelpers;
}

}  // namespace

const Helper& find_helper(const std::string& name) {
  const auto found = helpers().find(name);
  if (found == helpers().end()) throw Error("there is no function " + name + " in helpers/*.cpp");
  return found->second;
}

std::vector<std::string> helper_names() {
  std::vector<std::string> names;
  for (const auto& [name, helper] : helpers()) names.push_back(name);
  return names;
}

std::set<std::string> with_needed(const std::string& name) {
  std::set<std::string> names;
  std::vector<std::string> open{name};
  while (!open.empty()) {
    const std::string one = open.back();
    open.pop_back();
    if (!names.insert(one).second) continue;
    const std::vector<std::string>& needed = find_helper(one).needed;
    open.insert(open.end(), needed.begin(), needed.end());
  }
  return names;
}

}  // namespace dnnbench::pytorch
