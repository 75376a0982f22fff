#include "protocol/line_channel.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <thread>

namespace dnnbench {
namespace {

struct Pipe {
  Pipe() { EXPECT_EQ(pipe(ends), 0); }
  ~Pipe() {
    close(ends[0]);
    close(ends[1]);
  }
  int ends[2];
};

TEST(LineChannel, TakesLinesApart) {
  Pipe pipe;
  ASSERT_EQ(write(pipe.ends[1], "one\ntwo\nthr", 11), 11);
  LineReader reader(pipe.ends[0]);
  ASSERT_TRUE(reader.read_some());
  EXPECT_EQ(reader.next_line(), "one");
  EXPECT_EQ(reader.next_line(), "two");
  EXPECT_EQ(reader.next_line(), std::nullopt);
  ASSERT_TRUE(write_line(pipe.ends[1], "ee"));
  ASSERT_TRUE(reader.read_some());
  EXPECT_EQ(reader.next_line(), "three");
}

TEST(LineChannel, CarriesALineLargerThanThePipe) {
  Pipe pipe;
  const std::string text(3'000'000, 'x');
  std::thread writer([&] { EXPECT_TRUE(write_line(pipe.ends[1], text)); });
  LineReader reader(pipe.ends[0]);
  std::optional<std::string> line;
  while (!(line = reader.next_line())) ASSERT_TRUE(reader.read_some());
  writer.join();
  EXPECT_EQ(*line, text);
}

TEST(LineChannel, ReportsWhenTheOtherSideIsGone) {
  std::signal(SIGPIPE, SIG_IGN);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  EXPECT_FALSE(write_line(ends[1], "anyone?"));
  close(ends[1]);
}

}  // namespace
}  // namespace dnnbench
