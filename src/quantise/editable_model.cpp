#include "quantise/editable_model.h"

#include <algorithm>
#include <fstream>
#include <limits>

#include "core/error.h"
#include "import/graph_walk.h"
#include "import/proto_fields.h"
#include "import/wire.h"
#include "import/write_model.h"

namespace dnnbench::quantise {
namespace {

using import::Bytes;
using import::WireReader;

// https://github.com/onnx/onnx/blob/main/onnx/onnx.proto: AttributeProto.type and its values.
constexpr int kAttributeType = 20;
constexpr int64_t kTypeInteger = 2;
constexpr int64_t kTypeText = 3;
constexpr int64_t kIrVersionOfOpset13 = 7;
constexpr size_t kMaxMessage_bytes = std::numeric_limits<int32_t>::max();  // of protobuf

std::string attribute_fields(Bytes node) {
  std::string fields;
  WireReader reader(node);
  while (reader.next()) {
    if (reader.field() == import::node_field::kAttribute) {
      import::write_whole(fields, reader.whole());
    }
  }
  return fields;
}

std::string node_message(const EditableNode& editable) {
  const import::Node& node = editable.node;
  std::string message;
  for (const std::string& name : node.inputs) {
    import::write_text(message, import::node_field::kInput, name);
  }
  for (const std::string& name : node.outputs) {
    import::write_text(message, import::node_field::kOutput, name);
  }
  if (!node.name.empty()) import::write_text(message, import::node_field::kName, node.name);
  import::write_text(message, import::node_field::kOpType, node.op);
  if (!node.domain.empty()) import::write_text(message, import::node_field::kDomain, node.domain);
  return message + editable.attributes;
}

std::string attribute_message(const std::string& name, int64_t type) {
  std::string message;
  import::write_text(message, import::attribute_field::kName, name);
  import::write_integer(message, kAttributeType, type);
  return message;
}

void add_attribute(EditableNode& node, const std::string& message) {
  import::write_text(node.attributes, import::node_field::kAttribute, message);
}

void collect_uses(const EditableModel& model, std::set<std::string>& used) {
  for (const EditableNode& editable : model.nodes) {
    for (const std::string& input : editable.node.inputs) used.insert(input);
    for (const auto& [name, attribute] : editable.node.attributes) {
      const auto add = [&](const import::Graph& graph) {
        import::for_each_graph(graph, [&](const import::Graph& inner) {
          for (const import::Node& node : inner.nodes) {
            used.insert(node.inputs.begin(), node.inputs.end());
          }
          for (const import::Parameter& output : inner.outputs) used.insert(output.name);
        });
      };
      if (attribute.graph) add(*attribute.graph);
      for (const auto& graph : attribute.graphs) add(*graph);
    }
  }
  used.insert(model.outputs.begin(), model.outputs.end());
}

void write_graph(const EditableModel& model, std::string& graph) {
  for (const EditableNode& node : model.nodes) {
    import::write_text(graph, import::graph_field::kNode, node_message(node));
  }
  import::write_text(graph, import::graph_field::kName, "graph");
  std::set<std::string> used;
  collect_uses(model, used);
  for (const auto& [name, constant] : model.constants) {
    if (used.count(name) == 0) continue;
    import::write_text(graph, import::graph_field::kInitializer,
                       import::tensor_message(name, constant));
  }
  auto input = model.file.graph.inputs.begin();
  WireReader reader(model.file.graph_message);
  while (reader.next()) {
    if (reader.field() == import::graph_field::kInput) {
      if (!model.is_constant((input++)->name)) import::write_whole(graph, reader.whole());
    } else if (reader.field() == import::graph_field::kOutput) {
      import::write_whole(graph, reader.whole());
    }
  }
  for (const std::string& name : model.more_outputs) {
    import::write_text(graph, import::graph_field::kOutput,
                       import::value_info(name, DataType::kFloat32, std::nullopt));
  }
}

std::string opset_message(const std::string& domain, int64_t version) {
  std::string message;
  if (!domain.empty()) import::write_text(message, import::opset_field::kDomain, domain);
  import::write_integer(message, import::opset_field::kVersion, version);
  return message;
}

// The domains of the main graph's nodes; where there are subgraphs, all that the file has.
std::map<std::string, int64_t> domains_of(const EditableModel& model) {
  std::map<std::string, int64_t> domains;
  for (const EditableNode& editable : model.nodes) {
    for (const auto& [name, attribute] : editable.node.attributes) {
      if (attribute.graph || !attribute.graphs.empty()) domains = model.file.opsets;
    }
  }
  for (const EditableNode& editable : model.nodes) {
    const auto found = model.file.opsets.find(editable.node.domain);
    domains[editable.node.domain] = found == model.file.opsets.end() ? 1 : found->second;
  }
  domains[""] = model.opset;
  return domains;
}

}  // namespace

bool EditableModel::is_f32(const std::string& value) const {
  const import::ValueType* type = file.graph.type_of(value);
  return type != nullptr && type->kind == import::ValueType::Kind::kTensor &&
         type->element == DataType::kFloat32;
}

EditableModel open_model(const std::string& path, const std::string& beside) {
  EditableModel model;
  model.file = import::read_model_file(path, beside);
  if (!model.file.functions.empty()) {
    throw Unsupported("the model defines operators of its own (" + model.file.functions[0].name +
                      ")");
  }
  model.opset = model.file.opsets[""];
  for (const import::Parameter& output : model.file.graph.outputs) {
    model.outputs.insert(output.name);
  }
  model.constants = model.file.graph.constants;
  auto node = model.file.graph.nodes.begin();
  WireReader reader(model.file.graph_message);
  while (reader.next()) {
    if (reader.field() != import::graph_field::kNode) continue;
    const import::Node& read = *node++;
    if (const import::Constant* constant = import::constant_of(read)) {
      model.constants[read.outputs[0]] = *constant;
    } else {
      model.nodes.push_back({read, attribute_fields(reader.bytes())});
    }
  }
  return model;
}

void write_model(const EditableModel& model, const std::string& path) {
  std::string graph, message;
  write_graph(model, graph);
  import::write_integer(message, import::model_field::kIrVersion,
                        std::max(model.file.ir_version, kIrVersionOfOpset13));
  import::write_text(message, import::model_field::kProducerName, "DNN Bench");
  for (const auto& [domain, version] : domains_of(model)) {
    import::write_text(message, import::model_field::kOpsetImport, opset_message(domain, version));
  }
  if (graph.size() + message.size() > kMaxMessage_bytes) {
    throw Error("the model is larger than the 2 GB that one ONNX file can hold");
  }
  import::write_text(message, import::model_field::kGraph, graph);
  std::ofstream file(path, std::ios::binary);
  file << message;
  if (!file.flush()) throw Error("the model can't be written to " + path);
}

EditableNode make_node(const std::string& op, std::vector<std::string> inputs,
                       std::vector<std::string> outputs) {
  EditableNode node;
  node.node.op = op;
  node.node.name = outputs[0] + "/" + op;
  node.node.inputs = std::move(inputs);
  node.node.outputs = std::move(outputs);
  return node;
}

void set_integer(EditableNode& node, const std::string& name, int64_t value) {
  drop_attribute(node, name);
  node.node.attributes[name].i = value;
  std::string message = attribute_message(name, kTypeInteger);
  import::write_integer(message, import::attribute_field::kInt, value);
  add_attribute(node, message);
}

void set_text(EditableNode& node, const std::string& name, const std::string& value) {
  drop_attribute(node, name);
  node.node.attributes[name].s = value;
  std::string message = attribute_message(name, kTypeText);
  import::write_text(message, import::attribute_field::kString, value);
  add_attribute(node, message);
}

void drop_attribute(EditableNode& node, const std::string& name) {
  if (node.node.attributes.erase(name) == 0) return;
  std::string kept;
  WireReader reader(std::as_bytes(std::span(node.attributes)));
  while (reader.next()) {
    if (import::text_of(reader.bytes(), import::attribute_field::kName) == name) continue;
    import::write_whole(kept, reader.whole());
  }
  node.attributes = kept;
}

std::string add_constant(EditableModel& model, const std::string& name, Tensor tensor) {
  model.constants[name] = import::make_constant(std::move(tensor));
  return name;
}

Tensor f32_tensor(std::vector<int64_t> shape, const std::vector<double>& values) {
  Tensor tensor = make_tensor(DataType::kFloat32, std::move(shape));
  from_doubles(values, tensor);
  return tensor;
}

Tensor int64_tensor(const std::vector<int64_t>& values) {
  Tensor tensor = make_tensor(DataType::kInt64, {static_cast<int64_t>(values.size())});
  std::copy(values.begin(), values.end(), tensor.as<int64_t>().begin());
  return tensor;
}

}  // namespace dnnbench::quantise
