#include "machine/cores.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <utility>

#include "testing/temporary_folder.h"

namespace dnnbench {
namespace {

using Shares = std::vector<Cores>;

// Four physical cores of two threads each, as Linux numbers them.
const Shares kWithSiblings{{0, 4}, {1, 5}, {2, 6}, {3, 7}};

TEST(ShareCores, GivesWholePhysicalCores) {
  EXPECT_EQ(share_cores(kWithSiblings, 2, 2), (Shares{{0, 1, 4, 5}, {2, 3, 6, 7}}));
  EXPECT_EQ(share_cores(kWithSiblings, 4, 1), kWithSiblings);
  EXPECT_EQ(share_cores(kWithSiblings, 3, 1), (Shares{{0, 4}, {1, 5}, {2, 6}}));
}

TEST(ShareCores, KeepsSiblingsTogetherWhereThereAreTooFewPhysicalOnes) {
  EXPECT_EQ(share_cores(kWithSiblings, 4, 2), kWithSiblings);
  EXPECT_EQ(share_cores(kWithSiblings, 2, 4), (Shares{{0, 1, 4, 5}, {2, 3, 6, 7}}));
  EXPECT_EQ(share_cores(kWithSiblings, 8, 1).size(), 8U);
}

TEST(ShareCores, LeavesItToTheKernelWhereNothingIsToBeShared) {
  EXPECT_EQ(share_cores(kWithSiblings, 1, 2), Shares{});
  EXPECT_EQ(share_cores(kWithSiblings, 9, 1), Shares{});
  EXPECT_EQ(share_cores(kWithSiblings, 3, 3), Shares{});
  EXPECT_EQ(share_cores({}, 2, 1), Shares{});
}

// A made-up topology for the cores that this test may use.
class PhysicalCores : public ::testing::Test {
 protected:
  void write(int core, int package, int id, const std::string& siblings = "",
             const std::string& list = "core_cpus_list") const {
    const std::string topology =
        folder_ / ("sys/devices/system/cpu/cpu" + std::to_string(core) + "/topology");
    std::filesystem::create_directories(topology);
    std::ofstream(topology + "/physical_package_id") << package << "\n";
    std::ofstream(topology + "/core_id") << id << "\n";
    if (!siblings.empty()) std::ofstream(topology + "/" + list) << siblings << "\n";
  }

  const TemporaryFolder folder_;
  const Cores allowed_ = allowed_cores();
};

TEST_F(PhysicalCores, AreLogicalOnesWhereTheSystemDoesNotSay) {
  Shares expected;
  for (const int core : allowed_) expected.push_back({core});
  EXPECT_EQ(physical_cores(folder_.path()), expected);
}

TEST_F(PhysicalCores, JoinSiblings) {
  for (const int core : allowed_) write(core, 0, 7);
  EXPECT_EQ(physical_cores(folder_.path()), Shares{allowed_});
}

TEST_F(PhysicalCores, JoinWhatTheKernelCallsSiblings) {
  for (const std::string list : {"core_cpus_list", "thread_siblings_list"}) {
    for (const int core : allowed_) write(core, 0, core, "0-7", list);
    EXPECT_EQ(physical_cores(folder_.path()), Shares{allowed_}) << list;
    std::filesystem::remove_all(folder_ / "sys");
  }
}

// An RK3588 has clusters of four, two and two cores in one package.
TEST_F(PhysicalCores, OfSeveralClustersHaveTheSameIds) {
  Shares expected;
  for (const int core : allowed_) {
    write(core, 0, 0, std::to_string(core));
    expected.push_back({core});
  }
  EXPECT_EQ(physical_cores(folder_.path()), expected);
}

TEST_F(PhysicalCores, GoByPackage) {
  if (allowed_.size() < 2) GTEST_SKIP() << "needs two cores";
  for (size_t i = 0; i < allowed_.size(); ++i)
    write(allowed_[i], i == 0 ? 1 : 0, static_cast<int>(i));
  EXPECT_EQ(physical_cores(folder_.path()).front(), Cores{allowed_[1]});
  EXPECT_EQ(physical_cores(folder_.path()).back(), Cores{allowed_[0]});
}

TEST(CoreLists, AreWrittenAndReadAsLinuxDoes) {
  for (const auto& [cores, list] : {std::pair<Cores, std::string>{{}, ""},
                                    {{0}, "0"},
                                    {{0, 1}, "0-1"},
                                    {{0, 1, 2, 3, 8}, "0-3,8"},
                                    {{1, 3, 5, 6}, "1,3,5-6"}}) {
    EXPECT_EQ(to_list(cores), list);
    EXPECT_EQ(read_list(list), cores);
  }
  EXPECT_EQ(read_list("2,none"), Cores{2});
  EXPECT_EQ(read_list("-3"), Cores{});
}

TEST(AllowedCores, AreThoseOfAMachineWithMoreThanFitIntoOneSet) {
  const auto with_1920_cores = [](pid_t, size_t bytes, cpu_set_t* sets) {
    errno = EINVAL;
    if (bytes < 1920 / 8) return -1;
    for (const int core : {0, 1500, 1919}) CPU_SET_S(core, bytes, sets);
    return 0;
  };
  EXPECT_EQ(allowed_cores(with_1920_cores), (Cores{0, 1500, 1919}));
  EXPECT_EQ(read_list("1918-1919"), (Cores{1918, 1919}));
  const std::vector<cpu_set_t> sets = sets_of({0, 1919});
  ASSERT_EQ(sets.size(), 2U);
  EXPECT_TRUE(CPU_ISSET(0, &sets[0]));
  EXPECT_TRUE(CPU_ISSET(1919 - CPU_SETSIZE, &sets[1]));
}

TEST(AllowedCores, AreNoneWhereTheKernelDoesNotSay) {
  const auto refuses = [](pid_t, size_t, cpu_set_t*) {
    errno = EINVAL;
    return -1;
  };
  EXPECT_EQ(allowed_cores(refuses), Cores{});
}

TEST(IsolatedCores, AreThoseAmongTheOnesThatMayBeUsed) {
  const TemporaryFolder folder;
  EXPECT_EQ(isolated_cores(folder.path()), Cores{});
  std::filesystem::create_directories(folder / "sys/devices/system/cpu");
  std::ofstream(folder / "sys/devices/system/cpu/isolated")
      << allowed_cores().front() << ",1000-1010\n";
  EXPECT_EQ(isolated_cores(folder.path()), Cores{allowed_cores().front()});
}

TEST(IsolatedCores, AreWarnedOfWhereThereAreSeveral) {
  EXPECT_EQ(warn_of_isolated({}), "");
  EXPECT_EQ(warn_of_isolated({2}), "");
  EXPECT_NE(warn_of_isolated({2, 3}).find("the isolated cores 2-3 (isolcpus)"), std::string::npos);
}

TEST(CoresOfProcess, AreThoseOfAllItsThreads) {
  const Cores allowed = allowed_cores();
  std::thread narrow([&] {
    cpu_set_t first;
    CPU_ZERO(&first);
    CPU_SET(allowed[0], &first);
    ASSERT_EQ(sched_setaffinity(0, sizeof first, &first), 0);
    EXPECT_EQ(allowed_cores(), Cores{allowed[0]});
    EXPECT_EQ(cores_of_process(getpid()), allowed);
  });
  narrow.join();
  EXPECT_EQ(cores_of_process(-1), Cores{});
}

}  // namespace
}  // namespace dnnbench
