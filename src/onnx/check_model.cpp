#include "onnx/check_model.h"

#include <fmt/format.h>

#include <set>

#include "core/error.h"
#include "onnx/graph_walk.h"
#include "onnx/model.h"
#include "onnx/tensor_proto.h"

namespace dnnbench {
namespace {

// Before IR version 3 a file named no opset: it is 1.
constexpr int64_t kFirstIrVersionWithOpsets = 3;

bool starts_with(const std::string& text, const std::string& beginning) {
  return text.compare(0, beginning.size(), beginning) == 0;
}

bool is_known_domain(const std::string& domain) {
  return domain.empty() || domain == "ai.onnx.ml" || starts_with(domain, "ai.onnx.preview") ||
         starts_with(domain, "com.microsoft");
}

void check_opset(const std::string& path, const onnx::OperatorSetIdProto& opset) {
  const std::string domain = normal_domain(opset.domain());
  const bool standard = domain.empty();
  if (!standard && domain != "ai.onnx.ml") return;
  const int64_t newest = standard ? kNewestOpset : kNewestMlOpset;
  if (opset.version() >= 1 && opset.version() <= newest) return;
  throw Error(
      fmt::format("{} needs opset {} of {}, but ONNX Runtime, the reference, reads 1 to {}; "
                  "export the model with one of those",
                  path, opset.version(), standard ? "ONNX" : domain, newest));
}

void check_versions(const std::string& path, const onnx::ModelProto& model) {
  if (!model.has_graph())
    throw Error(fmt::format("{} is not an ONNX model: it has no graph", path));
  if (model.ir_version() > kNewestIrVersion || model.ir_version() < 0) {
    throw Error(
        fmt::format("{} is in version {} of the ONNX format, but ONNX Runtime, the "
                    "reference, reads up to {}; save the model with an older one",
                    path, model.ir_version(), kNewestIrVersion));
  }
  if (model.opset_import_size() == 0 && model.ir_version() >= kFirstIrVersionWithOpsets) {
    throw Error(
        fmt::format("{} names no opset: it is cut short or was not written as ONNX asks", path));
  }
  for (const onnx::OperatorSetIdProto& opset : model.opset_import()) check_opset(path, opset);
}

using OperatorName = std::pair<std::string, std::string>;

void check_operators(const std::string& path, const onnx::ModelProto& model) {
  std::set<OperatorName> functions;
  for (const onnx::FunctionProto& function : model.functions()) {
    functions.insert({normal_domain(function.domain()), function.name()});
  }
  for_each_node(model, [&](const onnx::NodeProto& node) {
    const std::string domain = normal_domain(node.domain());
    if (is_known_domain(domain) || functions.count({domain, node.op_type()}) > 0) return;
    throw Error(
        fmt::format("{} holds the custom operator {} (node {}), which the engines can't "
                    "run; replace it by ONNX operators or a function of the model",
                    path, qualified_type(node), node_label(node)));
  });
}

void check_tensors(const std::string& path, const std::string& folder,
                   const onnx::ModelProto& model) {
  try {
    for_each_tensor(model, [&](const std::string& name, const onnx::TensorProto& tensor) {
      check_tensor(name, tensor);
      if (is_external(tensor)) find_external_data(name, tensor, folder);
    });
  } catch (const Error& error) {
    throw Error(fmt::format("{}: {}", path, error.what()));
  }
}

}  // namespace

void check_model(const std::string& path, const std::string& folder,
                 const onnx::ModelProto& model) {
  check_versions(path, model);
  check_operators(path, model);
  check_tensors(path, folder, model);
}

}  // namespace dnnbench
