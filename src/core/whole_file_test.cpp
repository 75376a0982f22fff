#include "core/whole_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>

#include "core/error.h"
#include "testing/files.h"
#include "testing/temporary_folder.h"

namespace dnnbench {
namespace {

TEST(WholeFile, IsReadWholeOrNotAtAll) {
  const TemporaryFolder folder;
  const std::string bytes = std::string(200'000, 'x') + '\0' + "\r\n";  // of several pieces
  write_file(folder / "a", bytes);
  write_file(folder / "empty", "");
  EXPECT_EQ(read_whole_file(folder / "a"), bytes);
  EXPECT_EQ(read_whole_file(folder / "empty"), "");
  EXPECT_EQ(read_whole_file(folder / "none"), std::nullopt);
  EXPECT_EQ(read_whole_file(folder.path()), std::nullopt);
  EXPECT_NE(read_whole_file("/proc/self/cmdline").value_or("").find("dnnbench"), std::string::npos);
}

TEST(WholeFile, ReplacesWhatWasThere) {
  const TemporaryFolder folder;
  write_whole_file(folder / "a.json", "one", "the result");
  write_whole_file(folder / "a.json", "two", "the result");
  EXPECT_EQ(read_file(folder / "a.json"), "two");
  EXPECT_FALSE(std::filesystem::exists(unfinished_path(folder / "a.json")));
}

// As a full disk does, but without a disk: no file of this process may grow beyond 100 bytes.
TEST(WholeFile, WhatCanNotBeWrittenLeavesTheEarlierFile) {
  const TemporaryFolder folder;
  const std::string path = folder / "a.json";
  write_whole_file(path, "one", "the result");
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto at_limit = signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{100, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &limit);
  std::string reason;
  try {
    write_whole_file(path, std::string(1000, 'x'), "the result");
  } catch (const Error& error) {
    reason = error.what();
  }
  setrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, at_limit);
  EXPECT_EQ(reason, "could not write the result " + path + ": File too large");
  EXPECT_EQ(read_file(path), "one");
  EXPECT_FALSE(std::filesystem::exists(unfinished_path(path)));
}

}  // namespace
}  // namespace dnnbench
