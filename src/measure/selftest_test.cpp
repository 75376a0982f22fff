#include "measure/selftest.h"

#include <gtest/gtest.h>

#include <utility>

#include "measure/scripted_engine.h"

namespace dnnbench {
namespace {

// Takes longer by this factor in the turns that follow another engine's.
class SlowedEngine : public ScriptedEngine {
 public:
  SlowedEngine(Stage& stage, Script script, double factor)
      : ScriptedEngine(stage, "a", std::move(script)), stage_(stage), factor_(factor) {}

  LatencyTurn take_turn(size_t input_set, std::optional<int64_t> measurements) override {
    const bool follows_another = !stage_.events.empty() && stage_.events.back() == "b pause";
    LatencyTurn turn = ScriptedEngine::take_turn(input_set, measurements);
    for (double& duration_s : turn.duration_s) duration_s *= follows_another ? factor_ : 1;
    return turn;
  }

 private:
  Stage& stage_;
  double factor_;
};

struct Setting {
  Script script;
  double factor = 1;
  double budget_s = 60;
};

SelftestRow compared(Stage& stage, const Setting& setting) {
  SlowedEngine engine(stage, setting.script, setting.factor);
  ScriptedEngine other(stage, "b", {});
  return compare_with_alone(engine, other, setting.budget_s, stage.surroundings());
}

TEST(Selftest, AnEngineThatIsAsFastAsAloneAgrees) {
  Stage stage;
  const SelftestRow row = compared(stage, {.factor = 1.01});
  EXPECT_EQ(row.agreement, Agreement::kAgrees);
  EXPECT_NEAR(row.ratio, 1.01, 1e-9);
  EXPECT_NEAR(row.alone_s, 0.01, 1e-9);
  EXPECT_EQ(row.disturbed, 0);
  EXPECT_LT(stage.now_s, 1060) << "it ends when the interval says enough";
}

TEST(Selftest, AnEngineThatIsSlowerInTurnsDiffers) {
  Stage stage;
  const SelftestRow row = compared(stage, {.factor = 1.05});
  EXPECT_EQ(row.agreement, Agreement::kDiffers);
  EXPECT_NEAR(row.ratio, 1.05, 1e-9);
  EXPECT_GT(row.interval.low, 1.02);
}

TEST(Selftest, AnEngineThatIsFasterInTurnsDiffersAsWell) {
  Stage stage;
  EXPECT_EQ(compared(stage, {.factor = 0.9}).agreement, Agreement::kDiffers);
}

TEST(Selftest, OneCycleProvesNothing) {
  Stage stage;
  const SelftestRow row = compared(stage, {.factor = 1.05, .budget_s = 0.1});
  EXPECT_EQ(row.agreement, Agreement::kUnknown);
  EXPECT_EQ(row.cycles, 1);
}

TEST(Selftest, AMachineThatIsBusyInMostCyclesGivesNoVerdict) {
  Stage stage;
  const SelftestRow row = compared(stage, {.script = {.always_disturbed = true}});
  EXPECT_EQ(row.agreement, Agreement::kBusy);
  EXPECT_EQ(row.disturbed, row.cycles);
  EXPECT_GE(stage.now_s, 1060) << "a machine may become quiet until the budget is spent";
}

TEST(Selftest, ADisturbedCycleCountsForNothing) {
  Stage stage;
  const SelftestRow row =
      compared(stage, {.script = {.disturbed = {0}, .time_s_from = {{0, 9.0}, {7, 0.01}}}});
  EXPECT_EQ(row.disturbed, 1);
  EXPECT_EQ(row.agreement, Agreement::kAgrees);
  EXPECT_NEAR(row.alone_s, 0.01, 1e-9);
}

// In turns: another's turn, then its own, three times. Alone: four in a row, the first not kept.
TEST(Selftest, TheTwoWaysTakeTurnsInComingFirst) {
  Stage stage;
  compared(stage, {.factor = 1.05});
  const std::string in_turns = "bababa", alone = "aaaa";
  const std::string turns = stage.who("turn");
  EXPECT_EQ(turns.substr(0, 40),
            in_turns + alone + alone + in_turns + in_turns + alone + alone + in_turns);
}

}  // namespace
}  // namespace dnnbench
