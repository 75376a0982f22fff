#include "core/whole_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "core/error.h"

namespace dnnbench {
namespace {

// All of it, on the disk. Returns whether that went well; errno says why not.
bool write_durably(int fd, const std::string& text) {
  for (size_t written = 0; written < text.size();) {
    const ssize_t count = write(fd, text.data() + written, text.size() - written);
    if (count < 0 && errno != EINTR) return false;
    if (count > 0) written += static_cast<size_t>(count);
  }
  return fsync(fd) == 0;
}

// The new name. Not every file system can do that for a folder, and the file itself is safe.
void sync_folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const int fd = open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  fsync(fd);
  close(fd);
}

}  // namespace

std::optional<std::string> read_whole_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::array<char, 1 << 16> piece;
  std::string bytes;
  while (file.read(piece.data(), piece.size()) || file.gcount() > 0) {
    bytes.append(piece.data(), static_cast<size_t>(file.gcount()));
  }
  return file.eof() ? std::optional(bytes) : std::nullopt;
}

std::string unfinished_path(const std::string& path) {
  return fmt::format("{}.{}.tmp", path, getpid());
}

void write_whole_file(const std::string& path, const std::string& text, const std::string& what) {
  const std::string temporary = unfinished_path(path);
  const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  bool written = fd >= 0 && write_durably(fd, text);
  int error = errno;
  if (fd >= 0 && close(fd) != 0 && written) {
    written = false;
    error = errno;
  }
  if (written && std::rename(temporary.c_str(), path.c_str()) == 0) return sync_folder_of(path);
  if (written) error = errno;
  unlink(temporary.c_str());
  throw Error(fmt::format("could not write {} {}: {}", what, path, std::strerror(error)));
}

}  // namespace dnnbench
