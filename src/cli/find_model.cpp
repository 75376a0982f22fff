#include "cli/find_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "cli/help_text.h"
#include "cli/suggest.h"
#include "core/cache.h"
#include "core/commands.h"
#include "core/error.h"

namespace dnnbench {

namespace fs = std::filesystem;

std::string find_model(const std::string& path_or_name, const std::string& subcommand) {
  std::error_code ignored;  // what can't be a file's name is none
  if (fs::exists(path_or_name, ignored)) return path_or_name;
  const std::vector<std::string> names = generated_models();
  if (std::find(names.begin(), names.end(), path_or_name) != names.end()) {
    const std::string path = cache_folder() + "/models/" + path_or_name + ".onnx";
    if (fs::exists(path, ignored)) return path;
    throw UsageError(fmt::format("the model {} has not been generated yet; {} {} {} generates it",
                                 path_or_name, dnnbench_name(), subcommand, path_or_name));
  }
  const auto guess = nearest(path_or_name, names);
  throw UsageError(fmt::format("there is no file {}, and no model has that name{}", path_or_name,
                               guess ? fmt::format("; did you mean {}?", *guess) : ""));
}

std::vector<std::string> find_models(const std::vector<std::string>& models) {
  std::vector<std::string> paths;
  std::map<std::string, std::string> path_of_file;
  for (const std::string& model : models) {
    const std::string path = find_model(model, "run");
    const auto [same, is_new] = path_of_file.emplace(fs::weakly_canonical(path).string(), path);
    if (!is_new) {
      throw UsageError(
          fmt::format("{} and {} are the same file, which would write the same result "
                      "files twice; give it once",
                      same->second, path));
    }
    paths.push_back(path);
  }
  return paths;
}

}  // namespace dnnbench
