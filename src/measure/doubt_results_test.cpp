#include "measure/doubt_results.h"

#include <gtest/gtest.h>

namespace dnnbench {
namespace {

Result judged(Verdict verdict, OutcomeKind kind = OutcomeKind::kOk) {
  Result result;
  result.outcome = {kind, kind == OutcomeKind::kOk ? "" : "y[0] is 1 but should be 2"};
  result.engine.verification.verdict = verdict;
  result.engine.verification.second_opinion = SecondOpinion{ReferenceState::kRight};
  return result;
}

Result witness() {
  Result result = judged(Verdict::kUnverified);
  result.engine.verification.reason = "why";
  result.engine.verification.second_opinion = {ReferenceState::kWrong, "at Relu"};
  return result;
}

TEST(DoubtResults, KeepsVerdictsByAReferenceThatNobodyFoundWrong) {
  std::vector<Result> results{judged(Verdict::kOk),
                              judged(Verdict::kWrong, OutcomeKind::kWrongOutput)};
  EXPECT_TRUE(doubt_results(results).empty());
  EXPECT_EQ(results[0].engine.verification.verdict, Verdict::kOk);
}

TEST(DoubtResults, TakesVerdictsBack) {
  std::vector<Result> results{judged(Verdict::kOk),
                              judged(Verdict::kWrong, OutcomeKind::kWrongOutput), witness(),
                              judged(Verdict::kUnverified, OutcomeKind::kCrashed)};
  EXPECT_EQ(doubt_results(results), (std::vector<const Result*>{&results[0], &results[1]}));
  for (const size_t i : {0, 1}) {
    const Verification& verification = results[i].engine.verification;
    EXPECT_EQ(verification.verdict, Verdict::kUnverified);
    EXPECT_EQ(verification.reason, why_wrong(*results[2].engine.verification.second_opinion));
  }
  EXPECT_EQ(results[0].outcome.kind, OutcomeKind::kOk);
  EXPECT_EQ(results[1].outcome.kind, OutcomeKind::kFailed);
  EXPECT_EQ(results[3].outcome.kind, OutcomeKind::kCrashed);
}

}  // namespace
}  // namespace dnnbench
