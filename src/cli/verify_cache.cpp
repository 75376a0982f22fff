#include "cli/verify_cache.h"

#include <filesystem>
#include <fstream>

#include "core/error.h"
#include "core/folder.h"
#include "core/sha256.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

constexpr size_t kDigits = 64;

bool is_as_kept(const fs::path& file, const std::string& sha256) {
  try {
    return sha256_of_file(file.string()) == sha256;
  } catch (const Error&) {
    return false;
  }
}

// Checksums are kept under the folder's path with "-" for "/": "engines/tvm/0.27.0" may hold both.
fs::path folder_of(const fs::path& cache, const std::string& name) {
  const fs::path engines = cache / "engines";
  for (const std::string& engine : names_in(engines.string())) {
    for (const std::string& version : names_in((engines / engine).string())) {
      if (name == "engines-" + engine + "-" + version) return engines / engine / version;
    }
  }
  return {};
}

VerifiedFolder verify_folder(const fs::path& cache, const fs::path& hashes) {
  VerifiedFolder verified{hashes.stem().string(), 0, {}};
  const fs::path folder = folder_of(cache, verified.name);
  std::ifstream file(hashes);
  for (std::string line; !folder.empty() && std::getline(file, line);) {
    if (line.size() < kDigits + 3) continue;
    ++verified.files;
    const std::string path = line.substr(kDigits + 2);  // "sha256  ./path"
    const bool is_ok = is_as_kept(folder / path, line.substr(0, kDigits));
    if (!is_ok) verified.damaged.push_back((folder / path).lexically_normal().string());
  }
  return verified;
}

}  // namespace

std::vector<VerifiedFolder> verify_cache(const std::string& cache) {
  std::vector<VerifiedFolder> all;
  const fs::path checksums = fs::path(cache) / "checksums";
  for (const std::string& name : names_in(checksums.string())) {
    if (fs::path(name).extension() != ".sha256") continue;
    VerifiedFolder verified = verify_folder(cache, checksums / name);
    if (verified.files > 0) all.push_back(std::move(verified));  // else it was removed
  }
  return all;
}

}  // namespace dnnbench
