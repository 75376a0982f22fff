#include "measure/doubt_results.h"

#include <algorithm>
#include <string>

namespace dnnbench {
namespace {

bool found_wrong(const Result& result) {
  const auto& opinion = result.engine.verification.second_opinion;
  return opinion && opinion->reference == ReferenceState::kWrong;
}

}  // namespace

std::vector<const Result*> doubt_results(std::vector<Result>& results) {
  const auto witness = std::find_if(results.begin(), results.end(), found_wrong);
  if (witness == results.end()) return {};
  const SecondOpinion opinion = *witness->engine.verification.second_opinion;
  std::vector<const Result*> changed;
  for (Result& result : results) {
    Verification& verification = result.engine.verification;
    if (verification.verdict == Verdict::kUnverified) continue;
    verification.verdict = Verdict::kUnverified;
    verification.reason = why_wrong(opinion);
    verification.second_opinion = opinion;
    if (result.outcome.kind == OutcomeKind::kWrongOutput) {
      result.outcome = {OutcomeKind::kFailed, why_wrong(opinion)};
    }
    changed.push_back(&result);
  }
  return changed;
}

}  // namespace dnnbench
