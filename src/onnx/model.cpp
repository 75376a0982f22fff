#include "onnx/model.h"

#include <fmt/format.h>

#include <algorithm>

#include "import/read_model.h"
#include "onnx/check_model.h"
#include "onnx/random_operators.h"
#include "onnx/signature.h"
#include "onnx/value_ranges.h"

namespace dnnbench {
namespace {

void count_operators(const import::ModelFile& file, Model& model) {
  std::map<std::pair<std::string, std::string>, int64_t> counts;
  import::for_each_node(file, [&](const import::Node& node) {
    ++counts[{node.domain, node.op}];
    ++model.node_count;
  });
  for (const auto& [name, count] : counts) {
    model.operators.push_back({name.first, name.second, count});
  }
  std::stable_sort(model.operators.begin(), model.operators.end(),
                   [](const auto& a, const auto& b) { return a.count > b.count; });
}

}  // namespace

Model read_model(const std::string& path) {
  const import::ModelFile file = import::read_model_file(path);
  check_model(path, file);
  Model model;
  model.path = path;
  model.file_bytes = static_cast<int64_t>(file.file->bytes().size());
  model.ir_version = file.ir_version;
  model.opsets = file.opsets;
  if (model.opsets.empty()) model.opsets[""] = 1;
  model.producer = file.producer;
  model.inputs = graph_inputs(file.graph);
  model.outputs = graph_outputs(file.graph);
  model.input_ranges = find_value_ranges(file.graph, model.inputs);
  count_operators(file, model);
  model.weight_elements = file.weight_elements;
  model.weight_bytes = file.weight_bytes;
  model.weight_types = file.weight_types;
  model.external_files.assign(file.external_files.begin(), file.external_files.end());
  model.random_operators = find_random_operators(file);
  return model;
}

std::string_view to_string(ModelValue::Kind kind) {
  switch (kind) {
    case ModelValue::Kind::kTensor:
      return "tensor";
    case ModelValue::Kind::kSequence:
      return "sequence";
    case ModelValue::Kind::kOptional:
      return "optional";
    case ModelValue::Kind::kMap:
      return "map";
    case ModelValue::Kind::kSparseTensor:
      return "sparse tensor";
    case ModelValue::Kind::kOpaque:
      return "opaque";
  }
  return "opaque";
}

const ModelValue* find_input(const Model& model, const std::string& name) {
  for (const ModelValue& input : model.inputs) {
    if (input.name == name) return &input;
  }
  return nullptr;
}

std::string input_names(const Model& model) {
  std::string names;
  for (const ModelValue& input : model.inputs) names += (names.empty() ? "" : ", ") + input.name;
  return names;
}

std::string describe(const ModelValue& value) {
  std::string text = value.kind == ModelValue::Kind::kTensor
                         ? std::string(to_string(value.type))
                         : fmt::format("{} of {}", to_string(value.kind), to_string(value.type));
  if (!value.dimensions) return text + "[...]";
  std::string sizes;
  for (const Dimension& dimension : *value.dimensions) {
    if (!sizes.empty()) sizes += ",";
    if (dimension.size) {
      sizes += std::to_string(*dimension.size);
    } else {
      sizes += dimension.symbol.empty() ? "?" : dimension.symbol;
    }
  }
  return text + "[" + sizes + "]";
}

}  // namespace dnnbench
