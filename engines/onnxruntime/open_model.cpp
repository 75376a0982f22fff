#include "open_model.h"

#include <filesystem>
#include <limits>
#include <map>
#include <optional>

#include "core/error.h"
#include "import/simplify.h"

namespace dnnbench::ort {
namespace {

using NamedSizes = std::map<std::string, int64_t>;

SessionOptions make_options(const LoadConfig& config, const NamedSizes& sizes,
                            const std::string& optimized_path) {
  const Api& api = library().api;
  auto options =
      owned<SessionOptions>([&](OrtSessionOptions** out) { return api.CreateSessionOptions(out); });
  check(api.SetSessionExecutionMode(options.get(), kSequential));
  check(api.SetIntraOpNumThreads(options.get(), config.threads));
  check(api.SetInterOpNumThreads(options.get(), 1));
  check(api.SetSessionGraphOptimizationLevel(options.get(),
                                             config.optimize ? kEnableAll : kDisableAll));
  check(api.AddSessionConfigEntry(options.get(), "session.record_ep_graph_assignment_info", "1"));
  if (!optimized_path.empty()) {
    check(api.SetOptimizedModelFilePath(options.get(), optimized_path.c_str()));
  }
  for (const auto& [name, size] : sizes) {
    check(api.AddFreeDimensionOverrideByName(options.get(), name.c_str(), size));
  }
  return options;
}

Session open_file(const LoadConfig& config, const NamedSizes& sizes,
                  const std::string& optimized_path) {
  const SessionOptions options = make_options(config, sizes, optimized_path);
  return owned<Session>([&](OrtSession** out) {
    return library().api.CreateSession(library().env, config.model_path.c_str(), options.get(),
                                       out);
  });
}

// A copy in memory whose inputs have these sizes.
Session open_copy(const LoadConfig& config, const std::string& optimized_path) {
  const SessionOptions options = make_options(config, {}, optimized_path);
  const std::string folder = std::filesystem::path(config.model_path).parent_path().string();
  check(library().api.AddSessionConfigEntry(
      options.get(), "session.model_external_initializers_file_folder_path", folder.c_str()));
  const std::string model = import::without_weights(config, std::numeric_limits<int64_t>::max());
  return owned<Session>([&](OrtSession** out) {
    return library().api.CreateSessionFromArray(library().env, model.data(), model.size(),
                                                options.get(), out);
  });
}

}  // namespace

OpenedModel open_model(const LoadConfig& config, const ModelOutline& outline,
                       const std::string& optimized_path) {
  const std::optional<NamedSizes> sizes = named_sizes(outline, config.input_shapes);
  try {
    if (!sizes) return {open_copy(config, optimized_path), "in the model"};
    return {open_file(config, *sizes, optimized_path), "by name"};
  } catch (const Error&) {
    if (sizes && sizes->empty()) throw;
    try {
      return {open_file(config, {}, optimized_path), "no"};
    } catch (const Error&) {
      // The first reason says more.
    }
    throw;
  }
}

}  // namespace dnnbench::ort
