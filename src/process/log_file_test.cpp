#include "process/log_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "testing/files.h"
#include "testing/temporary_folder.h"

namespace dnnbench {
namespace {

void print(const LogFile& log, const std::string& text) {
  ASSERT_EQ(write(log.fd(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

// Of a process that was started again; the log holds what the first one printed.
TEST(LogFile, TheLastLineIsNotThatOfAnEarlierProcess) {
  const TemporaryFolder folder;
  write_file(folder / "log", "bad_alloc\n");
  const LogFile log(folder / "log", true);
  EXPECT_EQ(log.last_line(), "");
  print(log, "\nfirst\nlast\n\n");
  EXPECT_EQ(log.last_line(), "last");
  EXPECT_TRUE(read_file(folder / "log").starts_with("bad_alloc\n"));
}

TEST(LogFile, TheLastLineIsFoundAfterTheLogWasCut) {
  const TemporaryFolder folder;
  write_file(folder / "log", std::string(LogFile::kMax_bytes + 1, 'x'));
  LogFile log(folder / "log", true);
  log.bound();
  print(log, "\nlast\n");
  EXPECT_EQ(log.last_line(), "last");
}

TEST(LogFile, TheLastLineIsWholeWhereAPartOfTheEarlierLogWasCut) {
  constexpr int64_t kEarlier_bytes = 5 << 20;
  const TemporaryFolder folder;
  write_file(folder / "log", std::string(kEarlier_bytes, 'x'));
  LogFile log(folder / "log", true);
  print(log, std::string(LogFile::kMax_bytes, 'y'));
  log.bound();
  const auto length = static_cast<int64_t>(read_file(folder / "log").size());
  print(log, std::string(kEarlier_bytes - length - 8, 'y') + "\nstd::bad_alloc\n");
  EXPECT_EQ(log.last_line(), "std::bad_alloc");
}

}  // namespace
}  // namespace dnnbench
