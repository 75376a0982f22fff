#include "open_model.h"

#include <filesystem>
#include <limits>
#include <map>
#include <optional>

#include "core/error.h"
#include "import/simplify.h"
#include "providers.h"

namespace dnnbench::ort {
namespace {

using NamedSizes = std::map<std::string, int64_t>;

// What all ways of opening it need; `said` gets the provider's options.
struct Wanted {
  const LoadConfig& config;
  const Gpu* gpu;
  const std::string& optimized_path;
  std::map<std::string, std::string>& said;
};

SessionOptions make_options(const Wanted& wanted, const NamedSizes& sizes) {
  const LoadConfig& config = wanted.config;
  const Api& api = library().api;
  auto options =
      owned<SessionOptions>([&](OrtSessionOptions** out) { return api.CreateSessionOptions(out); });
  check(api.SetSessionExecutionMode(options.get(), kSequential));
  // OpenVINO brings threads of its own.
  const int threads = config.provider == "openvino" ? 1 : config.threads;
  check(api.SetIntraOpNumThreads(options.get(), threads));
  check(api.SetInterOpNumThreads(options.get(), 1));
  // Weights are made unsigned for it when the graph is rewritten, no earlier.
  const auto plainest = config.precise_integers ? kEnableExtended : kDisableAll;
  check(api.SetSessionGraphOptimizationLevel(options.get(),
                                             optimizes(config) ? kEnableAll : plainest));
  if (config.precise_integers) {
    check(api.AddSessionConfigEntry(options.get(), "session.x64quantprecision", "1"));
  }
  check(api.AddSessionConfigEntry(options.get(), "session.record_ep_graph_assignment_info", "1"));
  if (!wanted.optimized_path.empty()) {
    check(api.SetOptimizedModelFilePath(options.get(), wanted.optimized_path.c_str()));
  }
  for (const auto& [name, size] : sizes) {
    check(api.AddFreeDimensionOverrideByName(options.get(), name.c_str(), size));
  }
  wanted.said = add_provider(*options, config, wanted.gpu);
  return options;
}

Session open_file(const Wanted& wanted, const NamedSizes& sizes) {
  const SessionOptions options = make_options(wanted, sizes);
  return owned<Session>([&](OrtSession** out) {
    return library().api.CreateSession(library().env, wanted.config.model_path.c_str(),
                                       options.get(), out);
  });
}

// A copy in memory whose inputs have these sizes, with LoadConfig::extra_outputs.
Session open_copy(const Wanted& wanted) {
  const LoadConfig& config = wanted.config;
  const SessionOptions options = make_options(wanted, {});
  std::string model = import::without_weights(config, std::numeric_limits<int64_t>::max());
  if (!config.extra_outputs.empty()) import::add_outputs(model, config.extra_outputs);
  return open_bytes(model, config.model_path, *options);
}

}  // namespace

Session open_bytes(const std::string& model, const std::string& model_path,
                   OrtSessionOptions& options) {
  const std::string folder = std::filesystem::path(model_path).parent_path().string();
  check(library().api.AddSessionConfigEntry(
      &options, "session.model_external_initializers_file_folder_path", folder.c_str()));
  return owned<Session>([&](OrtSession** out) {
    return library().api.CreateSessionFromArray(library().env, model.data(), model.size(), &options,
                                                out);
  });
}

OpenedModel open_model(const LoadConfig& config, const ModelOutline& outline, const Gpu* gpu,
                       const std::string& optimized_path) {
  const std::optional<NamedSizes> sizes = named_sizes(outline, config.input_shapes);
  OpenedModel opened;
  const Wanted wanted{config, gpu, optimized_path, opened.provider_options};
  try {
    const bool by_name = sizes && config.extra_outputs.empty();
    opened.session = by_name ? open_file(wanted, *sizes) : open_copy(wanted);
    opened.sizes_fixed = by_name ? "by name" : "in the model";
    return opened;
  } catch (const Error&) {
    if ((sizes && sizes->empty()) || !config.extra_outputs.empty()) throw;
    try {
      opened.session = open_file(wanted, {});
      opened.sizes_fixed = "no";
      return opened;
    } catch (const Error&) {
      // The first reason says more.
    }
    throw;
  }
}

}  // namespace dnnbench::ort
