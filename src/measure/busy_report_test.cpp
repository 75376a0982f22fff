#include "measure/busy_report.h"

#include <gtest/gtest.h>

#include "measure/scripted_engine.h"

namespace dnnbench {
namespace {

class BusyReportTest : public ::testing::Test {
 protected:
  BusyReportTest() {
    surroundings_.process_times = [this] {
      return TimedProcesses{{{1, {"cc1plus", 0, used_s_}}}, real_now_s_};
    };
  }

  void add(const std::string& disturbances) {
    for (const char c : disturbances) {
      stage_.now_s += 0.4;
      real_now_s_ += turn_s_;
      used_s_ += turn_s_;  // one whole core
      report_.add_block(c == 'x' ? "other programs used 0.80 cores" : "");
    }
  }

  double real_now_s_ = 50;
  double used_s_ = 7;  // by the other program
  double turn_s_ = 0.4;
  Stage stage_;
  Surroundings surroundings_ = stage_.surroundings();
  SilentProgress progress_;
  BusyReport report_{surroundings_, progress_};
};

TEST_F(BusyReportTest, NamesTheProgramOnceAtTheThirdDisturbedBlock) {
  add(".xx");
  EXPECT_TRUE(progress_.notes.empty());
  add("xxxx");
  ASSERT_EQ(progress_.notes.size(), 1U);
  EXPECT_EQ(progress_.notes[0],
            "The machine is busy: 3 of 4 blocks were disturbed (other programs used 0.80 cores; "
            "cc1plus (process 1) uses 1.00 cores). Stop what else is running, or the result may be "
            "suspect.");
}

// Engines that are loaded again take 30 s, for which the run's clock stands still.
TEST_F(BusyReportTest, TheShareIsOfRealTimeAfterAResume) {
  add("x");
  real_now_s_ += 30;
  used_s_ += 30;
  add("xx");
  ASSERT_EQ(progress_.notes.size(), 1U);
  EXPECT_NE(progress_.notes[0].find("cc1plus (process 1) uses 1.00 cores"), std::string::npos)
      << progress_.notes[0];
}

// The journal answers for all three within a millisecond, in which the kernel counts a tick.
TEST_F(BusyReportTest, NobodyIsNamedForBlocksOfAnEarlierSession) {
  turn_s_ = 0.0002;
  add("xx");
  used_s_ += 0.01;
  add("x");
  ASSERT_EQ(progress_.notes.size(), 1U);
  EXPECT_EQ(progress_.notes[0].find("cc1plus"), std::string::npos) << progress_.notes[0];
}

TEST_F(BusyReportTest, AFewDisturbedBlocksOfManyAreNotReported) {
  add("..x...x...x...");
  EXPECT_TRUE(progress_.notes.empty());
}

}  // namespace
}  // namespace dnnbench
