#include "process/work_folder.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "core/error.h"
#include "core/folder.h"
#include "process/guardian.h"

namespace dnnbench {
namespace {

// Two sets of inputs, the outputs of an engine, and the simplified and quantised forms of a model
// of some hundred megabytes.
constexpr uintmax_t kEnough_bytes = uintmax_t{1} << 30;

uintmax_t free_bytes(const std::string& folder) {
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(folder, error);
  return error ? 0 : space.available;
}

bool make_below(const std::string& parent, std::string& path) {
  std::string name = parent + "/dnnbench-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) return false;
  path = name;
  return true;
}

}  // namespace

bool fits_in_memory(uintmax_t memory_bytes, uintmax_t disk_bytes) {
  return memory_bytes >= std::min(kEnough_bytes, disk_bytes);
}

WorkFolder::WorkFolder() {
  std::string first = "/dev/shm", second = temporary_folder();
  if (!fits_in_memory(free_bytes(first), free_bytes(second))) std::swap(first, second);
  if (make_below(first, path_) || make_below(second, path_)) {
    guard_path(path_);
    return;
  }
  throw Error(fmt::format("no work folder could be made in {} or {}: {}", first, second,
                          std::strerror(errno)));
}

WorkFolder::WorkFolder(const std::string& parent) {
  if (make_below(parent, path_)) return;
  throw Error(fmt::format("no folder could be made in {}: {}", parent, std::strerror(errno)));
}

WorkFolder::~WorkFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace dnnbench
