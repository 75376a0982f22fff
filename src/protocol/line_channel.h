// One line of text each way over two descriptors: how parent and worker talk. The descriptors are
// the channel's own, apart from stdin, stdout and stderr, because native libraries print there.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace dnnbench {

// Where a worker finds its two descriptors: the parent puts them there before exec.
inline constexpr int kRequestFd = 3;  // parent to worker
inline constexpr int kReplyFd = 4;    // worker to parent

// Writes the text and a line feed. False when the other side is gone. A text must not hold a line
// feed. Blocks while the pipe is full. SIGPIPE must be ignored by the process.
bool write_line(int fd, std::string_view text);

// Takes lines apart that arrive on a descriptor. Does not own the descriptor. Not thread-safe.
class LineReader {
 public:
  explicit LineReader(int fd) : fd_(fd) {}

  // A line may have so many bytes; before the first call, any number.
  void limit_line(size_t max_bytes) { max_bytes_ = max_bytes; }

  // Whether what has arrived without a line feed is more than that.
  bool is_too_long() const { return searched_ > max_bytes_; }

  // Whether something has arrived that next_line has not returned.
  bool has_pending() const { return !pending_.empty(); }

  // Reads once, blocking unless poll said that there is something, and keeps what came. False at
  // the end of the stream.
  bool read_some();

  // The next whole line without its line feed, if one has arrived.
  std::optional<std::string> next_line();

 private:
  int fd_;
  std::string pending_;
  size_t searched_ = 0;  // bytes of pending_ known to hold no line feed
  size_t max_bytes_ = std::numeric_limits<size_t>::max();
};

}  // namespace dnnbench
