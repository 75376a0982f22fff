#include "process/log_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sstream>

#include "core/error.h"
#include "core/printable.h"

namespace dnnbench {
namespace {

// Of what lies behind `start`.
std::string read_end(int fd, long bytes, off_t start = 0) {
  struct stat file{};
  if (fstat(fd, &file) != 0) return "";
  const off_t length = file.st_size < start ? file.st_size : file.st_size - start;
  std::string text(static_cast<size_t>(std::min<off_t>(bytes, length)), '\0');
  const ssize_t got =
      pread(fd, text.data(), text.size(), file.st_size - static_cast<off_t>(text.size()));
  text.resize(static_cast<size_t>(std::max<ssize_t>(got, 0)));
  return text;
}

}  // namespace

LogFile::LogFile(const std::string& path, bool keep)
    : fd_(open(path.c_str(),
               O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | (keep ? 0 : O_TRUNC), 0644)) {
  struct stat file{};
  const bool is_open = fd_ >= 0 && fstat(fd_, &file) == 0;
  start_ = file.st_size;
  if (is_open && S_ISREG(file.st_mode)) return;
  const std::string why = is_open ? "it is not a regular file" : std::strerror(errno);
  if (fd_ >= 0) close(fd_);
  throw Error(fmt::format("could not write the log {}: {}", path, why));
}

LogFile::~LogFile() { close(fd_); }

void LogFile::bound() {
  struct stat file{};
  if (fstat(fd_, &file) != 0 || file.st_size <= kMax_bytes) return;
  const off_t cut = file.st_size - kKept_bytes;
  const std::string note = fmt::format("[dnnbench cut the first {} bytes of this log]\n", cut);
  const std::string end = note + read_end(fd_, kKept_bytes);
  // What the process writes meanwhile is lost or mixed in: it lies in a flood.
  if (ftruncate(fd_, 0) != 0) return;
  start_ = start_ > cut ? start_ - cut + static_cast<off_t>(note.size()) : 0;
  for (size_t written = 0; written < end.size();) {
    const ssize_t count = write(fd_, end.data() + written, end.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    written += static_cast<size_t>(count);
  }
}

std::string LogFile::last_line() const {
  constexpr long kSearched_bytes = 4096;
  constexpr size_t kMaxLine_bytes = 300;
  std::istringstream text(read_end(fd_, kSearched_bytes, start_));
  std::string line, last;
  while (std::getline(text, line)) {
    if (line.find_first_not_of(" \t\r") != std::string::npos) last = line;
  }
  return printable(last.substr(0, kMaxLine_bytes));
}

}  // namespace dnnbench
