#include "onnx/model.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/error.h"
#include "onnx.pb.h"
#include "onnx/check_model.h"
#include "onnx/graph_walk.h"
#include "onnx/random_operators.h"
#include "onnx/read_proto.h"
#include "onnx/signature.h"
#include "onnx/tensor_proto.h"
#include "onnx/value_ranges.h"

namespace dnnbench {
namespace {

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

std::string producer_of(const onnx::ModelProto& proto) {
  if (proto.producer_version().empty()) return proto.producer_name();
  return proto.producer_name() + " " + proto.producer_version();
}

std::map<std::string, int64_t> opsets_of(const onnx::ModelProto& proto) {
  std::map<std::string, int64_t> opsets;
  for (const auto& opset : proto.opset_import()) {
    opsets[normal_domain(opset.domain())] = opset.version();
  }
  if (opsets.empty()) opsets[""] = 1;
  return opsets;
}

void count_operators(const onnx::ModelProto& proto, Model& model) {
  std::map<std::pair<std::string, std::string>, int64_t> counts;
  for_each_node(proto, [&](const onnx::NodeProto& node) {
    ++counts[{normal_domain(node.domain()), node.op_type()}];
    ++model.node_count;
  });
  for (const auto& [name, count] : counts) {
    model.operators.push_back({name.first, name.second, count});
  }
  std::stable_sort(model.operators.begin(), model.operators.end(),
                   [](const auto& a, const auto& b) { return a.count > b.count; });
}

void measure_weights(const onnx::ModelProto& proto, Model& model) {
  std::set<std::string> files;
  for_each_tensor(proto, [&](const std::string&, const onnx::TensorProto& tensor) {
    const std::vector<int64_t> shape(tensor.dims().begin(), tensor.dims().end());
    const int64_t count = element_count(shape);
    const auto type = static_cast<DataType>(tensor.data_type());
    model.weight_types.insert(type);
    model.weight_elements += count;
    model.weight_bytes += static_cast<int64_t>(byte_size(type, count));
    for (const std::string& text : tensor.string_data()) {
      model.weight_bytes += static_cast<int64_t>(text.size());
    }
    for (const auto& entry : tensor.external_data()) {
      if (is_external(tensor) && entry.key() == "location") files.insert(entry.value());
    }
  });
  model.external_files.assign(files.begin(), files.end());
}

}  // namespace

Model read_model(const std::string& path) {
  onnx::ModelProto proto;
  Model model;
  model.path = path;
  model.file_bytes = read_proto(path, "an ONNX model", proto);
  check_model(path, folder_of(path), proto);
  model.ir_version = proto.ir_version();
  model.opsets = opsets_of(proto);
  model.producer = producer_of(proto);
  model.inputs = graph_inputs(proto.graph());
  model.outputs = graph_outputs(proto.graph());
  model.input_ranges = find_value_ranges(proto.graph(), model.inputs);
  count_operators(proto, model);
  measure_weights(proto, model);
  model.random_operators = find_random_operators(proto, model.opsets);
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
