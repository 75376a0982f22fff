// Advice as JSON, the keys as in docs/advising.md.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "advise/plans.h"
#include "advise/sweep.h"

namespace dnnbench {

// What was asked, and what the answer rests on.
struct Question {
  std::string model;
  Demand demand;
  std::string catalogue;              // where the prices are from
  std::vector<std::string> warnings;  // about the results as a whole
  std::vector<std::string> skipped;   // files that are no results, one sentence per file
};

nlohmann::ordered_json to_json(const Question& question, const Advice& advice);
nlohmann::ordered_json to_json(const Question& question, const std::vector<Step>& steps);

}  // namespace dnnbench
