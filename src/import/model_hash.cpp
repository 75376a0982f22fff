#include "import/model_hash.h"

#include <filesystem>

#include "core/sha256.h"
#include "import/read_model.h"

namespace dnnbench::import {

std::string hash_with_weights(const std::string& model_path) {
  std::string hash = sha256_of_file(model_path);
  const auto folder = std::filesystem::path(model_path).parent_path();
  for (const std::string& name : read_model_file(model_path).external_files) {
    hash += ' ' + sha256_of_file((folder / name).string());
  }
  return hash;
}

}  // namespace dnnbench::import
