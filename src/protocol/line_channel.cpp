#include "protocol/line_channel.h"

#include <unistd.h>

#include <array>
#include <cerrno>

namespace dnnbench {

bool write_line(int fd, std::string_view text) {
  std::string line(text);
  line += '\n';
  size_t written = 0;
  while (written < line.size()) {
    const ssize_t count = write(fd, line.data() + written, line.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    written += static_cast<size_t>(count);
  }
  return true;
}

bool LineReader::read_some() {
  std::array<char, 65536> buffer;
  ssize_t count;
  do {
    count = read(fd_, buffer.data(), buffer.size());
  } while (count < 0 && errno == EINTR);
  if (count <= 0) return false;
  pending_.append(buffer.data(), static_cast<size_t>(count));
  return true;
}

std::optional<std::string> LineReader::next_line() {
  const size_t end = pending_.find('\n', searched_);
  if (end == std::string::npos) {
    searched_ = pending_.size();
    return std::nullopt;
  }
  std::string line = pending_.substr(0, end);
  pending_.erase(0, end + 1);
  searched_ = 0;
  return line;
}

}  // namespace dnnbench
