// A result's file as JSON, bounded in size and depth: it may be anybody's.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

namespace dnnbench {

// Of what we write, and the only one that we read.
constexpr int kSchemaVersion = 1;

// A file's object, and the numbers under "data" where they were read apart from it: then "data" is
// true.
struct ResultFile {
  nlohmann::json object;
  std::optional<std::vector<double>> data;
  std::vector<double> block;
};

// Throws Error whose text is why it is not a result, as the end of a sentence.
ResultFile read_result_file(const std::filesystem::path& path);

// Null for a key that is not there.
const nlohmann::json& get(const nlohmann::json& object, const char* key);

}  // namespace dnnbench
