#include "import/mapped_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.h"

namespace dnnbench::import {
namespace {

[[noreturn]] void throw_unreadable(const std::string& path) {
  throw Error(fmt::format("{} can't be read: {}", path, std::strerror(errno)));
}

}  // namespace

MappedFile::MappedFile(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw_unreadable(path);
  struct stat status{};
  void* start = MAP_FAILED;
  if (fstat(descriptor, &status) == 0 && status.st_size > 0) {
    start =
        mmap(nullptr, static_cast<size_t>(status.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0);
  }
  close(descriptor);
  if (status.st_size == 0) return;
  if (start == MAP_FAILED) throw_unreadable(path);
  bytes_ = {static_cast<const std::byte*>(start), static_cast<size_t>(status.st_size)};
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

}  // namespace dnnbench::import
