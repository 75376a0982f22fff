#include "process/child_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "testing/files.h"
#include "testing/temporary_folder.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

ChildOptions shell(const std::string& commands) {
  ChildOptions options;
  options.program = "/bin/sh";
  options.arguments = {"-c", commands};
  return options;
}

int count_processes_with(const std::string& argument) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string words = '\0' + read_file(entry.path() / "cmdline");
    count += words.find('\0' + argument + '\0') != std::string::npos ? 1 : 0;
  }
  return count;
}

TEST(ChildProcess, EndsByItselfWithItsStatus) {
  ChildProcess child(shell("exit 3"));
  EXPECT_TRUE(child.ends_within(30));
  const int status = child.end();
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 3);
  EXPECT_EQ(child.end(), 0);  // once
}

TEST(ChildProcess, AProgramThatIsNotThereEndsWith127) {
  ChildOptions options = shell("");
  options.program = "/no/such/program";
  ChildProcess child(options);
  EXPECT_TRUE(child.ends_within(30));
  EXPECT_EQ(WEXITSTATUS(child.end()), 127);
}

TEST(ChildProcess, RunsInTheGivenFolderAndPrintsToTheGivenFile) {
  const TemporaryFolder folder;
  ChildOptions options = shell("pwd; echo more >&2");
  options.folder = folder.path();
  options.output_fd = open((folder / "log").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  ChildProcess child(options);
  close(options.output_fd);
  EXPECT_TRUE(child.ends_within(30));
  EXPECT_EQ(read_file(folder / "log"), fs::canonical(folder.path()).string() + "\nmore\n");
}

// Those that leave their session as well, and those whose parents have ended.
TEST(ChildProcess, TakesAllThatItStartedWithIt) {
  const std::string seconds = std::to_string(100'000 + getpid());
  const std::string sleep = "sleep " + seconds;
  for (const bool in_group : {true, false}) {
    ChildOptions options = shell("(" + sleep + " &); setsid sh -c '(" + sleep + " &)'; " + sleep +
                                 " & setsid " + sleep + " & wait");
    options.in_group = in_group;
    ChildProcess child(options);
    for (int tries = 0; tries < 300 && count_processes_with(seconds) < 4; ++tries) {
      EXPECT_FALSE(child.ends_within(0.02));
    }
    EXPECT_EQ(count_processes_with(seconds), 4);
    const int status = child.end();
    EXPECT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(WTERMSIG(status), SIGKILL);
    EXPECT_EQ(count_processes_with(seconds), 0);
  }
}

// A process that is traced can't be reaped before its tracer has seen its end; so this stands for
// one that waits in the kernel. The tracer is a stray.
TEST(ChildProcess, OneThatCannotBeEndedIsLeftBehind) {
  ChildProcess child(shell("exec sleep 600"));
  const pid_t pid = child.pid();
  int traced[2];
  ASSERT_EQ(pipe2(traced, O_CLOEXEC), 0);
  if (fork() == 0) {
    const bool is_traced = ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) == 0;
    if (write(traced[1], is_traced ? "y" : "n", 1) == 1) sleep(600);
    _exit(0);
  }
  char answer = 'n';
  ASSERT_EQ(read(traced[0], &answer, 1), 1);
  close(traced[0]);
  close(traced[1]);
  if (answer != 'y') GTEST_SKIP() << "no process may be traced here";
  EXPECT_EQ(child.end(0.1), SIGKILL);
  EXPECT_EQ(waitpid(pid, nullptr, 0), pid);
}

// A shell's pipes: this program becomes a process that has children.
TEST(ChildProcess, LeavesAloneWhatWasThereBefore) {
  const std::string seconds = std::to_string(200'000 + getpid());
  const std::string self = fs::read_symlink("/proc/self/exe").string();
  ChildProcess outer(shell("sleep " + seconds + " & exec " + self +
                           " --gtest_filter=ChildProcess.EndsByItselfWithItsStatus > /dev/null"));
  ASSERT_TRUE(outer.ends_within(60));
  const time_t end = time(nullptr) + 60;  // it may not have become "sleep" yet
  while (count_processes_with(seconds) == 0 && time(nullptr) < end) usleep(10'000);
  EXPECT_EQ(count_processes_with(seconds), 1);
  const int status = outer.end();
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(count_processes_with(seconds), 0);
}

}  // namespace
}  // namespace dnnbench
