// Opens a model with the sizes of a run in it, which ONNX Runtime takes only by the names of
// dimensions: the way that this model allows.
#pragma once

#include <map>
#include <string>

#include "gpu/device.h"
#include "library.h"
#include "model_outline.h"
#include "protocol/load_config.h"

namespace dnnbench::ort {

// A model in memory, whose external data lies beside `model_path`. Throws what check() does.
Session open_bytes(const std::string& model, const std::string& model_path,
                   OrtSessionOptions& options);

struct OpenedModel {
  Session session;
  // How the sizes were fixed: "by name"; "in the model", where a name stands for several sizes;
  // "no", where the graph is wrong at these sizes, in a branch that isn't taken, say. Then only
  // the inputs say them.
  std::string sizes_fixed;
  std::map<std::string, std::string> provider_options;  // what add_provider (providers.h) returned
};

// `gpu` is null on a CPU. `optimized_path` gets the graph as the library executes it; "" for no
// such file. Throws what check() does.
OpenedModel open_model(const LoadConfig& config, const ModelOutline& outline, const Gpu* gpu,
                       const std::string& optimized_path = "");

}  // namespace dnnbench::ort
