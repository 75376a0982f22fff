#include "results/earlier_results.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "testing/files.h"
#include "testing/temporary_folder.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

constexpr const char* kResult =
    R"({"model_path": "m.onnx", "backend": "b", "backend_meta": "cpu", "data": [1]})";

class EarlierResults : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return folder_.path() + "/" + name; }
  void write(const std::string& name, const std::string& text) const {
    fs::remove(path(name));  // a result is replaced by renaming, not written over
    write_file(path(name), text);
  }
  std::string read(const std::string& name) const { return read_file(path(name)); }
  void keep() const { keep_earlier(path("a.json"), path("a.log")); }

  TemporaryFolder folder_;
};

TEST_F(EarlierResults, AreNumberedFromTheFirstOn) {
  for (const char* run : {"one", "two", "three"}) {
    keep();
    write("a.log", std::string(run) + " log");
    write("a.json", run);
  }
  EXPECT_EQ(read("a.json"), "three");
  EXPECT_EQ(read("a.json.1"), "one");
  EXPECT_EQ(read("a.json.2"), "two");
  EXPECT_EQ(read("a.log.1"), "one log");
  EXPECT_EQ(read("a.log.2"), "two log");
  EXPECT_FALSE(fs::exists(path("a.json.3")));
}

TEST_F(EarlierResults, ARunThatEndsWithoutAResultLosesNothingAndKeepsNothingTwice) {
  write("a.json", "one");
  write("a.log", "one log");
  keep();
  EXPECT_EQ(read("a.json"), "one");
  write("a.log", "of a run that was killed");
  keep();
  write("a.json", "three");
  EXPECT_EQ(read("a.json.1"), "one");
  EXPECT_EQ(read("a.log.1"), "one log");
  EXPECT_FALSE(fs::exists(path("a.json.2")));
}

TEST_F(EarlierResults, ALogWithoutAResultGoes) {
  write("a.log", "of a run that was killed");
  keep();
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(EarlierResults, AreNumberedOnWhereSomeWereDeleted) {
  for (const char* run : {"one", "two", "three", "four"}) {
    keep();
    write("a.log", std::string(run) + " log");
    write("a.json", run);
  }
  fs::remove(path("a.json.1"));
  fs::remove(path("a.json.3"));
  keep();
  EXPECT_EQ(read("a.json.4"), "four");
  EXPECT_EQ(read("a.log.4"), "four log");
  EXPECT_EQ(read("a.log.1"), "one log");
  EXPECT_FALSE(fs::exists(path("a.json.1")));
  keep();  // the run ended without a result
  EXPECT_FALSE(fs::exists(path("a.json.5")));
}

TEST_F(EarlierResults, AreReadBackButForWhatIsDamaged) {
  write("a.json.1", kResult);
  write("a.json.2", "damaged");
  write("a.json", "newest");
  const std::vector<StoredResult> found = read_earlier_results(folder_.path());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].backend, "b");
}

// Folders come in no order, so there are several of each kind.
TEST_F(EarlierResults, AreReadBackBesideFoldersThatMayNotBeRead) {
  const auto may_all = [&](fs::perms perms) {
    for (int i = 0; i < 8; ++i) fs::permissions(path("locked" + std::to_string(i)), perms);
  };
  for (int i = 0; i < 8; ++i) {
    write_file(path(std::to_string(i) + "/a.json.1"), kResult);
    fs::create_directory(path("locked" + std::to_string(i)));
  }
  may_all(fs::perms::none);
  fs::permissions(folder_.path(), fs::perms::group_all, fs::perm_options::add);
  const uid_t own = geteuid();
  if (own == 0 && seteuid(65534) != 0) {  // root may read everything
    may_all(fs::perms::owner_all);
    GTEST_SKIP() << "no other user is known here";
  }
  const size_t found = read_earlier_results(folder_.path()).size();
  ASSERT_EQ(seteuid(own), 0);
  may_all(fs::perms::owner_all);
  EXPECT_EQ(found, 8U);
}

// The same command goes on and is to be compared with what it was compared with at first.
TEST_F(EarlierResults, OfAnInterruptedRunAreThoseBeforeIt) {
  const auto result = [](const std::string& started_at) {
    return R"({"model_path": "m.onnx", "backend": "b", "backend_meta": "cpu", "data": [1],)"
           R"("started_at": ")" +
           started_at + "\"}";
  };
  const auto found = [&] {
    std::vector<std::string> starts;
    for (const StoredResult& one : before_unfinished_runs(read_results(folder_.path()).results)) {
      starts.push_back(one.started_at);
    }
    return starts;
  };
  using Starts = std::vector<std::string>;
  write("a.json", result("today"));
  write(".1.journal", R"(0 {"records": [["run", ["id", "today"]]]})");
  EXPECT_EQ(found(), (Starts{"today"}));  // there is nothing else
  write("a.json.1", result("monday"));
  write("a.json.2", result("tuesday"));
  write("a.json.3", result("today"));
  write("b.json", result("today"));
  write("c.json", result("monday"));
  EXPECT_EQ(found(), (Starts{"tuesday", "monday"}));
  fs::remove(path("a.json.1"));
  EXPECT_EQ(found(), (Starts{"tuesday", "monday"}));
  fs::remove(path(".1.journal"));
  EXPECT_EQ(found(), (Starts{"today", "today", "monday"}));
}

}  // namespace
}  // namespace dnnbench
