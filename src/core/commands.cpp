#include "core/commands.h"

#include <filesystem>

#include "core/cache.h"

namespace dnnbench {
namespace {

bool is_packaged() {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  const fs::path packaged = fs::weakly_canonical(cache_folder() + "/programs", ignored);
  return !packaged.empty() && program.string().starts_with(packaged.string() + "/");
}

}  // namespace

std::string dnnbench_name() { return is_packaged() ? "dnnbench" : "./dnnbench"; }

std::string bench_name() { return is_packaged() ? "dnnbench run" : "./bench_model.sh"; }

}  // namespace dnnbench
