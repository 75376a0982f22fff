#include "onnx/model.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "core/error.h"
#include "core/printable.h"
#include "import/graph_walk.h"
#include "import/map_types.h"
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

void describe_maps(const import::ModelFile& file, std::vector<ModelValue>& outputs) {
  const auto maps = import::read_map_types(file.graph_message);
  for (ModelValue& output : outputs) {
    const auto map = maps.find(output.name);
    if (map == maps.end()) continue;
    output.kind = map->second.in_sequence ? ModelValue::Kind::kSequence : ModelValue::Kind::kMap;
    output.map_key = map->second.key;
    output.type = map->second.value;
  }
}

// Engines get paths and names in JSON.
void require_utf8(const std::string& text, const std::string& what) {
  if (is_utf8(text)) return;
  throw Error(fmt::format("{} is not UTF-8: {}; rename it", what, printable(text)));
}

}  // namespace

Model read_model(const std::string& path) {
  require_utf8(std::filesystem::absolute(path).string(), "the model's path");
  const import::ModelFile file = import::read_model_file(path);
  check_model(path, file);
  Model model;
  model.path = path;
  model.file_bytes = static_cast<int64_t>(file.message.size());
  model.ir_version = file.ir_version;
  model.opsets = file.opsets;
  if (model.opsets.empty()) model.opsets[""] = 1;
  model.producer = file.producer;
  model.inputs = graph_inputs(file.graph);
  for (const ModelValue& input : model.inputs) {
    require_utf8(input.name, fmt::format("the name of an input of {}", path));
  }
  model.outputs = graph_outputs(file.graph);
  describe_maps(file, model.outputs);
  model.input_ranges = find_value_ranges(file, model.inputs);
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

std::string type_text(const ModelValue& value) {
  if (value.map_key == DataType::kUndefined) return std::string(to_string(value.type));
  return fmt::format("map({}, {})", to_string(value.map_key), to_string(value.type));
}

std::string describe(const ModelValue& value) {
  const bool is_bare =
      value.kind == ModelValue::Kind::kTensor || value.kind == ModelValue::Kind::kMap;
  std::string text =
      is_bare ? type_text(value) : fmt::format("{} of {}", to_string(value.kind), type_text(value));
  if (value.map_key != DataType::kUndefined) return text;
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
