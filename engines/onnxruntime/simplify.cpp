#include "simplify.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <set>

#include "core/error.h"
#include "import/known_branches.h"
#include "import/simplify.h"
#include "library.h"
#include "values.h"

namespace dnnbench::ort {
namespace {

SessionOptions make_options(const LoadConfig& config, int level) {
  const Api& api = library().api;
  auto options =
      owned<SessionOptions>([&](OrtSessionOptions** out) { return api.CreateSessionOptions(out); });
  check(api.SetSessionGraphOptimizationLevel(options.get(), level));
  check(api.SetIntraOpNumThreads(options.get(), 1));
  // A model that is not read from a file has no folder in which its external data lies.
  const std::string folder = std::filesystem::path(config.model_path).parent_path().string();
  check(api.AddSessionConfigEntry(
      options.get(), "session.model_external_initializers_file_folder_path", folder.c_str()));
  return options;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  if (!file.flush()) throw Error("the simplified model can't be written to " + path);
}

Session open(const std::string& model, const SessionOptions& options) {
  return owned<Session>([&](OrtSession** out) {
    return library().api.CreateSessionFromArray(library().env, model.data(), model.size(),
                                                options.get(), out);
  });
}

std::string optimized(const LoadConfig& config, const std::string& model, const std::string& path) {
  const SessionOptions options = make_options(config, kEnableBasic);
  check(library().api.SetOptimizedModelFilePath(options.get(), path.c_str()));
  open(model, options);
  return read_file(path);
}

// A condition is known when the library folds it.
std::map<std::string, bool> known_conditions(const LoadConfig& config, const std::string& model,
                                             const std::string& path) {
  const std::set<std::string> conditions = import::branch_conditions(model);
  auto known = import::constant_conditions(model, conditions);
  if (const auto smaller = import::model_of_conditions(model)) {
    try {
      known.merge(import::constant_conditions(optimized(config, *smaller, path), conditions));
    } catch (const std::exception&) {
      // The branches then stay; the library says what is wrong with the whole model.
    }
  }
  return known;
}

std::string with_known_branches_taken(const LoadConfig& config, std::string model,
                                      const std::string& path) {
  while (!import::branch_conditions(model).empty()) {
    const std::map<std::string, bool> known = known_conditions(config, model, path);
    if (known.empty()) break;
    model = import::with_branches_taken(model, known);
  }
  return model;
}

std::string simplified(const LoadConfig& config, int64_t largest_folded_bytes,
                       const std::string& path) {
  const std::string model = import::without_weights(config, largest_folded_bytes);
  return optimized(config, with_known_branches_taken(config, model, path), path);
}

std::string simplified(const LoadConfig& config, const std::string& path) {
  try {
    return simplified(config, import::kLargestFolded_bytes, path);
  } catch (const std::exception&) {
    // An operator that wants one of its weights beforehand.
    return simplified(config, std::numeric_limits<int64_t>::max(), path);
  }
}

std::string with_types(const LoadConfig& config, const std::string& model) {
  std::vector<import::Parameter> values;
  try {
    const Session session =
        open(import::with_every_value_as_output(model), make_options(config, kDisableAll));
    for (const Signature& value : read_outputs(*session)) {
      if (value.value_type != kTypeTensor) continue;
      import::ValueType type;
      type.element = value.element_type;
      if (value.has_shape) type.shape = value.shape;
      values.push_back({value.name, type});
    }
  } catch (const std::exception&) {
    return model;  // of a kind that can't be an output; the importers then know less
  }
  return import::with_types(model, values);
}

}  // namespace

double simplify(const LoadConfig& config, const std::string& path) {
  library();
  const auto start = std::chrono::steady_clock::now();
  write_file(path, with_types(config, simplified(config, path)));
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace dnnbench::ort
