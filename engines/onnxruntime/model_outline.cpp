#include "model_outline.h"

#include <algorithm>

#include "core/error.h"
#include "import/graph_walk.h"
#include "kernels.h"

namespace dnnbench::ort {

namespace {

// "?" has no one size; a dimension without name and size is the same.
std::vector<std::string> names_of(const import::ValueType& type) {
  std::vector<std::string> names = type.symbols;
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty() && type.shape->at(i) < 0) names[i] = "?";
  }
  return names;
}

}  // namespace

ModelOutline read_outline(const std::string& model_path) {
  ModelOutline outline;
  try {
    const import::ModelFile model = import::read_model_file(model_path);
    import::for_each_node(model, [&](const import::Node& node) {
      outline.is_quantised = outline.is_quantised || node.op == "QuantizeLinear" ||
                             node.op == "DynamicQuantizeLinear" || is_int8_product(node.op);
      outline.has_quantised_weights = outline.has_quantised_weights ||
                                      node.op == "DequantizeLinear" || node.op == "MatMulNBits";
    });
    for (const import::Parameter& input : model.graph.inputs) {
      outline.dimension_names[input.name] = names_of(input.type);
      if (input.type.kind == import::ValueType::Kind::kTensor) {
        outline.element_types.insert(input.type.element);
      }
    }
    for (const auto& [name, constant] : model.graph.constants) {
      outline.element_types.insert(constant.type);
    }
  } catch (const Error&) {
    return {};
  }
  return outline;
}

std::optional<std::map<std::string, int64_t>> named_sizes(
    const ModelOutline& outline, const std::map<std::string, std::vector<int64_t>>& input_shapes) {
  std::map<std::string, int64_t> sizes;
  for (const auto& [input, shape] : input_shapes) {
    const auto found = outline.dimension_names.find(input);
    if (found == outline.dimension_names.end()) continue;
    for (size_t i = 0; i < std::min(shape.size(), found->second.size()); ++i) {
      const std::string& name = found->second[i];
      if (name.empty()) continue;
      const auto [entry, is_new] = sizes.emplace(name, shape[i]);
      if (name == "?" || (!is_new && entry->second != shape[i])) return std::nullopt;
    }
  }
  return sizes;
}

}  // namespace dnnbench::ort
