#include "machine/busy_programs.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "testing/temporary_folder.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

TEST(BusyPrograms, ReadsNamesWithParenthesesAndSpaces) {
  const fs::path root = fs::path(::testing::TempDir()) / "busy_programs_test";
  fs::create_directories(root / "proc" / "42");
  fs::create_directories(root / "proc" / "self");
  std::ofstream(root / "proc" / "42" / "stat")
      << "42 (a) b (c) R 7 1 1 0 -1 4194304 1 2 3 4 " << 3 * sysconf(_SC_CLK_TCK) << " "
      << sysconf(_SC_CLK_TCK) << " 0 0 20 0 1 0 100 0 0\n";
  // Opened and then not readable, as of a process that has just ended.
  fs::create_directories(root / "proc" / "43" / "stat");
  const ProcessTimes processes = read_process_times(root.string());
  ASSERT_EQ(processes.size(), 1U);
  EXPECT_EQ(processes.at(42).name, "a) b (c");
  EXPECT_EQ(processes.at(42).parent, 7);
  EXPECT_DOUBLE_EQ(processes.at(42).cpu_s, 4);
  fs::remove_all(root);
}

// A folder is opened and then not readable, as the file of a process that has just ended.
TEST(BusyPrograms, AProcessThatHasEndedIsNone) {
  const TemporaryFolder root;
  fs::create_directories(root / "proc/43/stat");
  EXPECT_FALSE(read_process(43, root.path()));
  EXPECT_FALSE(read_process(44, root.path()));
}

TEST(BusyPrograms, ThisProcessIsAmongThem) {
  if (!fs::exists("/proc/self/stat")) GTEST_SKIP() << "no /proc";
  EXPECT_EQ(read_process_times().at(getpid()).parent, getppid());
}

TEST(BusyPrograms, TheBusiestIsWithoutOurOwnChildren) {
  const ProcessTimes before{{1, {"init", 0, 5}},
                            {10, {"dnnbench", 1, 1}},
                            {11, {"engine", 10, 1}},
                            {20, {"cc1plus", 1, 3}}};
  const ProcessTimes after{{1, {"init", 0, 5.1}},   {10, {"dnnbench", 1, 1}},
                           {11, {"engine", 10, 9}}, {12, {"engine", 11, 9}},
                           {20, {"cc1plus", 1, 4}}, {21, {"cc1plus", 1, 1.6}},
                           {30, {"node", 1, 2}}};
  const auto busiest = busiest_program(before, after, 2, 10);
  ASSERT_TRUE(busiest);
  EXPECT_EQ(describe(*busiest), "cc1plus (2 processes) uses 1.30 cores");
  EXPECT_EQ(busiest->pid, 21);
  EXPECT_EQ(describe(*busiest_program(before, {{30, {"node", 1, 2}}}, 2, 10)),
            "node (process 30) uses 1.00 cores");
}

TEST(BusyPrograms, NobodyIsBusyBelowATenthOfACore) {
  EXPECT_FALSE(busiest_program({{1, {"init", 0, 5}}}, {{1, {"init", 0, 5.1}}}, 2, 10));
  EXPECT_FALSE(busiest_program({}, {}, 2, 10));
}

}  // namespace
}  // namespace dnnbench
