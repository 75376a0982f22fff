#include "process/work_folder.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/error.h"
#include "process/guardian.h"

namespace dnnbench {
namespace {

bool make_below(const std::string& parent, std::string& path) {
  std::string name = parent + "/dnnbench-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) return false;
  path = name;
  return true;
}

}  // namespace

WorkFolder::WorkFolder() {
  std::error_code ignored;
  const std::string temporary = std::filesystem::temp_directory_path(ignored).string();
  if (make_below("/dev/shm", path_) || make_below(temporary, path_)) {
    guard_path(path_);
    return;
  }
  throw Error(fmt::format("no work folder could be made in /dev/shm or {}: {}", temporary,
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
