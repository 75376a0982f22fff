// The files of installed engines against the hashes that were kept when they were unpacked
// (setup/fetch.sh).
#pragma once

#include <string>
#include <vector>

namespace dnnbench {

struct VerifiedFolder {
  std::string name;                  // "engines-onnxruntime-1.31.1"
  size_t files = 0;                  // that hashes were kept of
  std::vector<std::string> damaged;  // those that differ or are missing
};

// Of all folders with hashes in that cache, by name. Reads every file.
std::vector<VerifiedFolder> verify_cache(const std::string& cache);

}  // namespace dnnbench
