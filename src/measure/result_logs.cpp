#include "measure/result_logs.h"

#include <filesystem>
#include <system_error>
#include <vector>

#include "core/folder.h"

namespace dnnbench {

namespace fs = std::filesystem;

std::string log_path_of(const Subject& subject) {
  return (fs::path(subject.output_path).parent_path() / subject.log_path).string();
}

void remove_log(const Subject& subject) {
  std::error_code ignored;
  fs::remove(log_path_of(subject), ignored);
}

void remove_empty_logs(const Subject& subject) {
  std::error_code ignored;
  const fs::path log = log_path_of(subject);
  std::vector<fs::path> empty;
  for (const std::string& name : names_in(log.parent_path().string())) {
    const bool is_own = name.starts_with(log.stem().string() + ".") && name.ends_with(".log");
    const fs::path path = log.parent_path() / name;
    if (is_own && fs::file_size(path, ignored) == 0) empty.push_back(path);
  }
  for (const fs::path& path : empty) fs::remove(path, ignored);
}

}  // namespace dnnbench
