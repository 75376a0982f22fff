#include "import/mapped_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>

#include "core/error.h"

namespace dnnbench::import {
namespace {

[[noreturn]] void throw_errno(const std::string& path, const char* failed) {
  throw Error(fmt::format("{} can't be {}: {}", path, failed, std::strerror(errno)));
}

class Descriptor {
 public:
  // A pipe that nobody writes to must not block.
  explicit Descriptor(const std::string& path)
      : number_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    if (number_ < 0) throw_errno(path, "opened");
  }
  ~Descriptor() { close(number_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const { return number_; }

 private:
  int number_;
};

// Whether the first field that the message lacks a part of starts as the messages of ONNX do: with
// a number as field 1 or 2.
bool starts_like_onnx(Bytes message) {
  WireReader reader(message);
  try {
    return reader.next() && reader.field() <= 2 && reader.is_integer();
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

MappedFile::MappedFile(const std::string& path, const std::string& what) {
  const Descriptor file(path);
  struct stat status{};
  if (fstat(file.number(), &status) != 0) throw_errno(path, "read");
  if (S_ISDIR(status.st_mode)) {
    throw Error(fmt::format("{} is a folder, not {}; name the file inside it", path, what));
  }
  if (!S_ISREG(status.st_mode)) {
    throw Error(fmt::format("{} is not a regular file; {} must be one", path, what));
  }
  if (status.st_size == 0) return;
  const auto size = static_cast<size_t>(status.st_size);
  void* start = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number(), 0);
  if (start == MAP_FAILED) throw_errno(path, "read");
  bytes_ = {static_cast<const std::byte*>(start), size};
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

std::shared_ptr<const MappedFile> map_message(const std::string& path, const std::string& what) {
  auto file = std::make_shared<const MappedFile>(path, what);
  const Bytes message = file->bytes();
  if (message.empty()) throw Error(fmt::format("{} is empty, not {}", path, what));
  if (message.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
    throw Error(fmt::format(
        "{} is larger than 2 GiB, which no protobuf file may be; save the model with external data",
        path));
  }
  try {
    WireReader reader(message);
    while (reader.next()) {
    }
  } catch (const Error&) {
    if (!starts_like_onnx(message)) throw Error(fmt::format("{} is not {}", path, what));
    throw Error(
        fmt::format("{} is cut short or damaged: it has {} bytes but should have more; copy or "
                    "download it again",
                    path, message.size()));
  }
  return file;
}

}  // namespace dnnbench::import
