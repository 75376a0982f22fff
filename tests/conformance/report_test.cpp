#include "report.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace dnnbench {
namespace {

const Outcome kWrong{OutcomeKind::kWrongOutput, "1 of 2 elements differ"};

std::vector<EngineSweep> sweep_of(const Outcome& add, const Outcome& relu) {
  return {{"fake", "1.0", {{"test_add", add}, {"test_relu", relu}}}};
}

std::vector<ConformanceCase> cases() {
  ConformanceCase add, relu;
  add.name = "test_add";
  add.op = "Add";
  add.opset = 14;
  relu.name = "test_relu";
  relu.op = "Relu";
  relu.opset = 14;
  relu.tensors_only = false;
  return {add, relu};
}

TEST(Surprises, NoneWhenEverythingEndsAsKnown) {
  EXPECT_TRUE(
      surprises(sweep_of({}, kWrong), "# a comment\nfake test_relu wrong_output\n").empty());
}

TEST(Surprises, AreFailuresAndPassesAndOtherOutcomes) {
  EXPECT_EQ(surprises(sweep_of(kWrong, {}), ""),
            std::vector<std::string>{
                "fake on test_add: wrong_output instead of ok: 1 of 2 elements differ"});
  EXPECT_EQ(surprises(sweep_of({}, {}), "fake test_add failed\n"),
            std::vector<std::string>{"fake on test_add: ok instead of failed"});
  EXPECT_EQ(surprises(sweep_of(kWrong, {}), "fake test_add failed\n").size(), 1u);
}

TEST(Surprises, IgnoreWhatMayEndAnyWay) {
  EXPECT_TRUE(surprises(sweep_of(kWrong, {}), "fake test_add any\n").empty());
  EXPECT_TRUE(surprises(sweep_of({}, {}), "fake test_add any\n").empty());
}

TEST(Surprises, RefuseALineThatIsNone) {
  EXPECT_THROW(surprises(sweep_of({}, {}), "fake test_add\n"), Error);
}

TEST(KnownFailures, AreMetByTheSweepTheyComeFrom) {
  const auto sweeps = sweep_of(kWrong, {OutcomeKind::kUnsupported, "no Relu"});
  const std::string known = known_failures(cases(), sweeps);
  EXPECT_TRUE(surprises(sweeps, known).empty());
  EXPECT_NE(known.find("fake test_add wrong_output\n"), std::string::npos);
}

TEST(KnownFailures, LeaveRoundingAndChanceOpen) {
  const auto sweeps = sweep_of(
      {OutcomeKind::kWrongOutput, std::string("1 of 2 elements differ") + kByLittle}, kWrong);
  auto random = cases();
  random[1].random = true;
  const std::string known = known_failures(random, sweeps);
  EXPECT_NE(known.find("fake test_add any\n"), std::string::npos);
  EXPECT_NE(known.find("fake test_relu any\n"), std::string::npos);
}

TEST(OperatorsDocument, CountsAndSaysWhy) {
  const std::string document = operators_document(cases(), sweep_of({}, kWrong));
  EXPECT_NE(document.find("| Add | 14 | 1/1 |"), std::string::npos);
  EXPECT_NE(document.find("| Relu | 14 | **0/1** |"), std::string::npos);
  EXPECT_NE(document.find("| wrong_output | elements differ | relu |"), std::string::npos);
  EXPECT_NE(document.find("fake 1.0: 1/1 of tensors, 0/1 with sequences or optionals"),
            std::string::npos);
}

std::vector<ConformanceCase> both_forms() {
  std::vector<ConformanceCase> both;
  for (const ConformanceCase& test : cases()) {
    both.insert(both.end(), {test, test});
    both.back().name += kConstantsSuffix;
    both.back().form = Form::kConstants;
  }
  return both;
}

// In which both fail as inputs, and Relu passes as constants.
std::vector<EngineSweep> sweep_of_both_forms() {
  auto sweeps = sweep_of(kWrong, kWrong);
  sweeps[0].sweep["test_add:constants"] = kWrong;
  sweeps[0].sweep["test_relu:constants"] = {};
  return sweeps;
}

TEST(KnownFailures, NameTheSecondFormWhereItEndsOtherwise) {
  const auto sweeps = sweep_of_both_forms();
  const std::string known = known_failures(both_forms(), sweeps);
  EXPECT_TRUE(surprises(sweeps, known).empty());
  EXPECT_EQ(known.find("fake test_add:constants"), std::string::npos);
  EXPECT_NE(known.find("fake test_relu:constants ok\n"), std::string::npos);
}

TEST(Surprises, AreInTheSecondFormToo) {
  const auto sweeps = sweep_of_both_forms();
  EXPECT_EQ(surprises(sweeps, "fake test_add wrong_output\nfake test_relu wrong_output\n"),
            std::vector<std::string>{"fake on test_relu:constants: ok instead of wrong_output"});
}

TEST(OperatorsDocument, HasBothForms) {
  const std::string document = operators_document(both_forms(), sweep_of_both_forms());
  EXPECT_NE(document.find("| Add | 14 | **0/1, 0/1** |"), std::string::npos);
  EXPECT_NE(document.find("| Relu | 14 | **0/1, 1/1** |"), std::string::npos);
  EXPECT_NE(document.find("| wrong_output | elements differ | add relu:inputs |"),
            std::string::npos);
  EXPECT_NE(document.find("2 node tests with every input but the first a constant\n"
                          "fake 1.0: 0/1 of tensors, 1/1 with sequences or optionals"),
            std::string::npos);
}

}  // namespace
}  // namespace dnnbench
