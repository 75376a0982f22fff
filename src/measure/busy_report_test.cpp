#include "measure/busy_report.h"

#include <gtest/gtest.h>

#include "measure/scripted_engine.h"

namespace dnnbench {
namespace {

class BusyReportTest : public ::testing::Test {
 protected:
  BusyReportTest() {
    surroundings_.process_times = [this] {
      return ProcessTimes{{1, {"cc1plus", 0, stage_.now_s}}};  // one whole core
    };
  }

  void add(const std::string& disturbances) {
    for (const char c : disturbances) {
      stage_.now_s += 0.4;
      report_.add_block(c == 'x' ? "other programs used 0.80 cores" : "");
    }
  }

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

TEST_F(BusyReportTest, AFewDisturbedBlocksOfManyAreNotReported) {
  add("..x...x...x...");
  EXPECT_TRUE(progress_.notes.empty());
}

}  // namespace
}  // namespace dnnbench
