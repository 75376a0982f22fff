// dnnbench-simplify: makes the simplified form of models for the engines that import, in a process
// of its own. Serves the request "simplify" (docs/protocol.md).
#include "core/error.h"
#include "simplify.h"
#include "worker/serve.h"

int main() {
  using nlohmann::json;
  return dnnbench::serve([](const std::string& do_what, const json& fields) -> json {
    if (do_what != dnnbench::verb::kSimplify) {
      throw dnnbench::Error("dnnbench-simplify: unknown request \"" + do_what + "\"");
    }
    const auto request = dnnbench::read_fields<dnnbench::Simplify>(fields);
    return dnnbench::Simplified{
        dnnbench::ort::simplify(request.config, request.file, request.with_weights)};
  });
}
