// For tests: whole files.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "core/whole_file.h"

namespace dnnbench {

// "" where it can't be read.
inline std::string read_file(const std::filesystem::path& path) {
  return read_whole_file(path).value_or("");
}

// Makes the folders it needs.
inline void write_file(const std::filesystem::path& path, const std::string& bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace dnnbench
