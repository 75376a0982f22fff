#include "import/original.h"

#include <set>

#include "import/proto_fields.h"
#include "import/simplify.h"
#include "protocol/value_file.h"

namespace dnnbench::import {
namespace {

Bytes value_of(Bytes attribute) {
  std::string name;
  Bytes tensor;
  WireReader reader(attribute);
  while (reader.next()) {
    if (reader.field() == attribute_field::kName) name = reader.text();
    if (reader.field() == attribute_field::kTensor) tensor = reader.bytes();
  }
  return name == "value" ? tensor : Bytes{};
}

Bytes graph_of(Bytes model) {
  Bytes graph;
  WireReader reader(model);
  while (reader.next()) {
    if (reader.field() == model_field::kGraph) graph = reader.bytes();
  }
  return graph;
}

}  // namespace

Original::Original(const std::string& path) : files(path, path), graph(graph_of(files.model())) {
  std::set<std::string> initializers;
  std::vector<std::string> all_inputs;
  WireReader reader(graph);
  while (reader.next()) {
    switch (reader.field()) {
      case graph_field::kNode: {
        const ConstantNode node = read_constant_node(reader.bytes());
        if (is_weight(node.tensor, kLargestFolded_bytes)) weights[node.output] = node.tensor;
        break;
      }
      case graph_field::kInitializer: {
        const std::string name = read_tensor_head(reader.bytes()).name;
        initializers.insert(name);
        if (is_weight(reader.bytes(), kLargestFolded_bytes)) weights[name] = reader.bytes();
        break;
      }
      case graph_field::kSparseInitializer: {
        WireReader sparse(reader.bytes());
        while (sparse.next()) {
          if (sparse.field() == sparse_field::kValues) {
            initializers.insert(read_tensor_head(sparse.bytes()).name);
          }
        }
        break;
      }
      case graph_field::kInput:
        all_inputs.push_back(name_of_value_info(reader.bytes()));
        break;
      case graph_field::kOutput:
        outputs.push_back(name_of_value_info(reader.bytes()));
        break;
      default:
        break;
    }
  }
  for (const std::string& name : all_inputs) {
    if (initializers.count(name) == 0) inputs.push_back(name);
  }
}

ConstantNode read_constant_node(Bytes node) {
  ConstantNode constant;
  std::string op, domain;
  WireReader reader(node);
  while (reader.next()) {
    if (reader.field() == node_field::kOutput) constant.output = reader.text();
    if (reader.field() == node_field::kOpType) op = reader.text();
    if (reader.field() == node_field::kDomain) domain = reader.text();
    if (reader.field() == node_field::kAttribute) {
      const Bytes tensor = value_of(reader.bytes());
      if (!tensor.empty()) constant.tensor = tensor;
    }
  }
  const bool is_constant = op == "Constant" && (domain.empty() || domain == "ai.onnx");
  return is_constant ? constant : ConstantNode{};
}

bool is_weight(Bytes tensor, int64_t largest_folded_bytes) {
  if (tensor.empty()) return false;
  const TensorHead head = read_tensor_head(tensor);
  return head.type != DataType::kString &&
         static_cast<int64_t>(head.size_bytes()) > largest_folded_bytes;
}

std::string name_of_value_info(Bytes value_info) {
  std::string name;
  WireReader reader(value_info);
  while (reader.next()) {
    if (reader.field() == value_info_field::kName) name = reader.text();
  }
  return name;
}

std::vector<Value> read_bound_inputs(const LoadConfig& config) {
  if (config.bound_inputs_file.empty()) return {};
  return read_values(config.bound_inputs_file);
}

}  // namespace dnnbench::import
