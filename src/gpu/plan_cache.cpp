#include "gpu/plan_cache.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/error.h"
#include "core/sha256.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

// One line, before the plan's hash and its bytes.
std::string heading_of(const PlanKey& key) {
  const std::string text =
      fmt::format("{}|{}|{}|{}", key.model_sha256, key.library, key.gpu, key.settings);
  return fmt::format("dnnbench plan 1 {}\n", text);
}

}  // namespace

std::string PlanCache::path_of(const PlanKey& key) const {
  return fmt::format("{}/{}.plan", folder_, sha256_of_text(heading_of(key)).substr(0, 32));
}

std::optional<std::string> PlanCache::find(const PlanKey& key) const {
  std::ifstream file(path_of(key), std::ios::binary);
  std::string heading, hash;
  if (!std::getline(file, heading) || heading + "\n" != heading_of(key)) return std::nullopt;
  if (!std::getline(file, hash)) return std::nullopt;
  std::string plan{std::istreambuf_iterator<char>(file), {}};
  if (sha256_of_text(plan) != hash) return std::nullopt;
  return plan;
}

void PlanCache::store(const PlanKey& key, std::string_view plan) const {
  std::error_code ignored;
  fs::create_directories(folder_, ignored);
  const std::string path = path_of(key);
  const std::string unfinished = fmt::format("{}.{}", path, getpid());
  std::ofstream file(unfinished, std::ios::binary);
  file << heading_of(key) << sha256_of_text(plan) << '\n' << plan;
  file.close();
  if (file && std::rename(unfinished.c_str(), path.c_str()) == 0) return;
  fs::remove(unfinished, ignored);
  throw Error(fmt::format("could not write {}; free some space or set XDG_CACHE_HOME", path));
}

}  // namespace dnnbench
