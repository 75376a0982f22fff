#include "onnx/check_model.h"

#include <fmt/format.h>

#include <set>

#include "core/error.h"
#include "import/graph_walk.h"
#include "onnx/model.h"

namespace dnnbench {
namespace {

// Before IR version 3 a file named no opset: it is 1.
constexpr int64_t kFirstIrVersionWithOpsets = 3;

bool is_known_domain(const std::string& domain) {
  return domain.empty() || domain == "ai.onnx.ml" || domain.starts_with("ai.onnx.preview") ||
         domain.starts_with("com.microsoft");
}

void check_opset(const std::string& path, const std::string& domain, int64_t version) {
  const bool standard = domain.empty();
  if (!standard && domain != "ai.onnx.ml") return;
  const int64_t newest = standard ? kNewestOpset : kNewestMlOpset;
  if (version >= 1 && version <= newest) return;
  throw Error(
      fmt::format("{} needs opset {} of {}, but ONNX Runtime, the reference, reads 1 to {}; "
                  "export the model with one of those",
                  path, version, standard ? "ONNX" : domain, newest));
}

void check_versions(const std::string& path, const import::ModelFile& model) {
  if (!model.has_graph) throw Error(fmt::format("{} is not an ONNX model: it has no graph", path));
  if (model.ir_version > kNewestIrVersion || model.ir_version < 0) {
    throw Error(
        fmt::format("{} is in version {} of the ONNX format, but ONNX Runtime, the "
                    "reference, reads up to {}; save the model with an older one",
                    path, model.ir_version, kNewestIrVersion));
  }
  if (model.opsets.empty() && model.ir_version >= kFirstIrVersionWithOpsets) {
    throw Error(
        fmt::format("{} names no opset: it is cut short or was not written as ONNX asks", path));
  }
  for (const auto& [domain, version] : model.opsets) check_opset(path, domain, version);
}

using OperatorName = std::pair<std::string, std::string>;

void check_operators(const std::string& path, const import::ModelFile& model) {
  std::set<OperatorName> functions;
  for (const import::Function& function : model.functions) {
    functions.insert({function.domain, function.name});
  }
  for_each_node(model, [&](const import::Node& node) {
    if (is_known_domain(node.domain) || functions.count({node.domain, node.op}) > 0) return;
    throw Error(
        fmt::format("{} contains the custom operator {} (node {}), which the engines can't "
                    "run; replace it by ONNX operators or a function of the model",
                    path, import::qualified_op(node), import::label(node)));
  });
}

}  // namespace

void check_model(const std::string& path, const import::ModelFile& model) {
  check_versions(path, model);
  check_operators(path, model);
}

}  // namespace dnnbench
