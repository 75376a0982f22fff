#include "import/mapped_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
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

// What is mapped, for the handler of SIGBUS, which may neither lock nor allocate.
struct Mapping {
  std::atomic<std::byte*> begin{nullptr};
  std::atomic<std::byte*> end{nullptr};
  std::atomic<bool> is_cut{false};
  std::atomic<bool> is_taken{false};
};
constexpr int kMaxMappings = 1024;  // files beyond that are not watched

std::array<Mapping, kMaxMappings>& mappings() {
  static std::array<Mapping, kMaxMappings> all;
  return all;
}

// A page of a mapped file that is no longer there: zeros take its place, and the access goes on.
// Anything else ends the process as it would without this.
void on_bus_error(int signal_number, siginfo_t* info, void*) {
  auto* const address = static_cast<std::byte*>(info->si_addr);
  for (Mapping& mapping : mappings()) {
    if (address < mapping.begin || address >= mapping.end) continue;
    mapping.is_cut = true;
    const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
    std::byte* const start = address - reinterpret_cast<uintptr_t>(address) % page;
    const void* const zeros =
        mmap(start, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (zeros != MAP_FAILED) return;
  }
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

void watch_for_bus_errors() {
  static const bool is_watching = [] {
    mappings();  // before a handler could be the first to need it
    struct sigaction action{};
    action.sa_sigaction = on_bus_error;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigemptyset(&action.sa_mask);
    return sigaction(SIGBUS, &action, nullptr) == 0;
  }();
  static_cast<void>(is_watching);
}

int watch(std::byte* begin, size_t size) {
  watch_for_bus_errors();
  for (int i = 0; i < kMaxMappings; ++i) {
    Mapping& mapping = mappings()[static_cast<size_t>(i)];
    if (mapping.is_taken.exchange(true)) continue;
    mapping.is_cut = false;
    mapping.end = begin + size;
    mapping.begin = begin;
    return i;
  }
  return -1;
}

void unwatch(int number) {
  if (number < 0) return;
  Mapping& mapping = mappings()[static_cast<size_t>(number)];
  mapping.begin = nullptr;
  mapping.end = nullptr;
  mapping.is_taken = false;
}

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

MappedFile::MappedFile(const std::string& path, const std::string& what) : path_(path) {
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
  number_ = watch(static_cast<std::byte*>(start), size);
}

MappedFile::~MappedFile() {
  unwatch(number_);
  if (!bytes_.empty()) munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

void MappedFile::require_whole() const {
  if (number_ < 0 || !mappings()[static_cast<size_t>(number_)].is_cut) return;
  throw Error(
      fmt::format("{} was cut while it was read; try again when nothing writes to it", path_));
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
    file->require_whole();
  } catch (const Error&) {
    file->require_whole();
    if (!starts_like_onnx(message)) throw Error(fmt::format("{} is not {}", path, what));
    throw Error(
        fmt::format("{} is cut short or damaged: it has {} bytes but should have more; copy or "
                    "download it again",
                    path, message.size()));
  }
  return file;
}

}  // namespace dnnbench::import
