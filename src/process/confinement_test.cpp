#include "process/confinement.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/folder.h"
#include "process/child_process.h"
#include "testing/temporary_folder.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

// Its exit code, confined to writing below `writable`.
int run_confined(const std::string& program, const std::vector<std::string>& arguments,
                 const std::vector<std::string>& writable) {
  const Confinement confinement(writable);
  ChildOptions options;
  options.program = program;
  options.arguments = arguments;
  options.confinement = &confinement;
  ChildProcess child(options);
  EXPECT_TRUE(child.ends_within(60));
  const int status = child.end();
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int run_shell(const std::string& commands, const std::vector<std::string>& writable) {
  return run_confined("/bin/sh", {"-c", commands}, writable);
}

bool protects_from(const std::string& what) {
  const std::vector<std::string> missing = missing_protection();
  return std::find(missing.begin(), missing.end(), what) == missing.end();
}

class ConfinementOfFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!protects_from("write outside its own folder")) GTEST_SKIP() << "no Landlock here";
    fs::create_directories(own);
    fs::create_directories(others);
    std::ofstream(others + "/kept") << "kept";
  }

  TemporaryFolder folder;
  std::string own = folder / "own", others = folder / "others";
};

TEST_F(ConfinementOfFiles, ItsOwnFolderIsItsOwn) {
  const std::string commands = "cd " + own +
                               " && echo 1 > a && mkdir b && mv a b/a && rm b/a && rmdir b && "
                               "echo 2 >> c && echo > /dev/null";
  EXPECT_EQ(run_shell(commands, {own}), 0);
  EXPECT_TRUE(fs::exists(own + "/c"));
}

TEST_F(ConfinementOfFiles, NothingElseIsWritten) {
  for (const std::string& commands : std::vector<std::string>{
           "echo > " + others + "/new", "echo > " + others + "/kept", ": > " + others + "/kept",
           "rm " + others + "/kept", "mkdir " + others + "/new", "ln -s / " + others + "/new",
           "mv " + others + "/kept " + own, "mkfifo " + others + "/new"}) {
    EXPECT_NE(run_shell(commands + " 2>/dev/null", {own}), 0) << commands;
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(others), {}), 1);
  EXPECT_EQ(fs::file_size(others + "/kept"), 4u);
}

TEST_F(ConfinementOfFiles, HoldsForWhatItStarts) {
  const std::string command = "sh -c 'setsid sh -c \"echo > " + others + "/new\"' 2>/dev/null";
  EXPECT_NE(run_shell(command, {own}), 0);
}

TEST_F(ConfinementOfFiles, ItNamesItsThreads) {
  EXPECT_EQ(run_shell("echo named >> /proc/self/task/$$/comm && test $(cat /proc/$$/comm) = named",
                      {own}),
            0);
  EXPECT_NE(run_shell("echo named >> /proc/$PPID/task/$PPID/comm 2>/dev/null", {own}), 0);
}

TEST_F(ConfinementOfFiles, EverythingIsRead) {
  EXPECT_EQ(run_shell("cat " + others + "/kept > /dev/null && ls /proc/self > /dev/null", {own}),
            0);
}

TEST(Confinement, WhatCanBeDoneIsFoundOnAnyFileSystem) {
  const std::vector<std::string> missing = missing_protection(Confinement({"/"}));
  EXPECT_EQ(missing.at(0), "write outside its own folder");
  for (const std::string& name : names_in(temporary_folder())) {
    EXPECT_NE(name, "dnnbench-probe-" + std::to_string(getpid()));
  }
}

TEST(Confinement, NoNetworkButLocalSockets) {
  if (!protects_from("open network connections")) GTEST_SKIP() << "no seccomp here";
  const auto opens = [](const std::string& family) {
    return run_confined("/usr/bin/env",
                        {"python3", "-c", "import socket; socket.socket(socket." + family + ")"},
                        {}) == 0;
  };
  if (run_confined("/usr/bin/env", {"python3", "-c", "pass"}, {}) != 0)
    GTEST_SKIP() << "no python3";
  EXPECT_FALSE(opens("AF_INET"));
  EXPECT_FALSE(opens("AF_INET6"));
  EXPECT_TRUE(opens("AF_UNIX"));
}

}  // namespace
}  // namespace dnnbench
