#include "import/read_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "core/error.h"
#include "import/mapped_file.h"
#include "import/proto_fields.h"
#include "import/read_tensor.h"

namespace dnnbench::import {
namespace {

// Of graphs or types within each other: far more than any model has, and few enough for the stack.
constexpr int kMaxDepth = 32;

void require_depth(int depth) {
  if (depth <= kMaxDepth) return;
  throw Error(fmt::format("graphs or types are nested more than {} deep", kMaxDepth));
}

void read_shape(Bytes shape, ValueType& type) {
  type.shape.emplace();
  WireReader dimensions(shape);
  while (dimensions.next()) {
    if (dimensions.field() != shape_field::kDimension) continue;
    int64_t size = -1;
    std::string symbol;
    WireReader dimension(dimensions.bytes());
    while (dimension.next()) {
      if (dimension.field() == dimension_field::kValue) size = dimension.integer();
      if (dimension.field() == dimension_field::kSymbol) symbol = dimension.text();
    }
    // Some exporters write -1 for a dimension that they don't know.
    type.shape->push_back(std::max<int64_t>(size, -1));
    type.symbols.push_back(symbol);
  }
}

void read_tensor_type(Bytes tensor, ValueType& type) {
  WireReader reader(tensor);
  while (reader.next()) {
    if (reader.field() == tensor_type_field::kElementType) {
      type.element = static_cast<DataType>(reader.integer());
    } else if (reader.field() == tensor_type_field::kShape) {
      read_shape(reader.bytes(), type);
    }
  }
}

// The type inside a sequence's or optional's type.
Bytes inner_type(Bytes type) {
  WireReader reader(type);
  while (reader.next()) {
    if (reader.field() == container_type_field::kElementType) return reader.bytes();
  }
  return {};
}

ValueType::Kind sequence_of(ValueType::Kind inner) {
  return inner == ValueType::Kind::kTensor ? ValueType::Kind::kSequence : ValueType::Kind::kOther;
}

ValueType::Kind optional_of(ValueType::Kind inner) {
  if (inner == ValueType::Kind::kTensor) return ValueType::Kind::kOptional;
  return inner == ValueType::Kind::kSequence ? ValueType::Kind::kOptionalSequence
                                             : ValueType::Kind::kOther;
}

ValueType read_type(Bytes bytes, int depth = 0) {
  require_depth(depth);
  ValueType type;
  WireReader reader(bytes);
  while (reader.next()) {
    switch (reader.field()) {
      case type_field::kTensor:
        read_tensor_type(reader.bytes(), type);
        break;
      case type_field::kSparseTensor:
        type.kind = ValueType::Kind::kSparseTensor;
        read_tensor_type(reader.bytes(), type);
        break;
      case type_field::kSequence:
        type = read_type(inner_type(reader.bytes()), depth + 1);
        type.kind = sequence_of(type.kind);
        break;
      case type_field::kOptional:
        type = read_type(inner_type(reader.bytes()), depth + 1);
        type.kind = optional_of(type.kind);
        break;
      case type_field::kMap:
        type.kind = ValueType::Kind::kMap;
        break;
      case type_field::kOpaque:
        type.kind = ValueType::Kind::kOther;
        break;
      default:
        break;
    }
  }
  return type;
}

Parameter read_parameter(Bytes bytes) {
  Parameter parameter;
  WireReader reader(bytes);
  while (reader.next()) {
    if (reader.field() == value_info_field::kName) parameter.name = reader.text();
    if (reader.field() == value_info_field::kType) parameter.type = read_type(reader.bytes());
  }
  return parameter;
}

class GraphReader {
 public:
  GraphReader(TensorReader& tensors, const std::map<std::string, int64_t>& opsets)
      : tensors_(tensors), opsets_(opsets) {}

  Graph read_graph(Bytes bytes) {
    require_depth(++depth_);
    Graph graph;
    WireReader reader(bytes);
    while (reader.next()) {
      switch (reader.field()) {
        case graph_field::kNode:
          graph.nodes.push_back(read_node(reader.bytes()));
          break;
        case graph_field::kName:
          graph.name = reader.text();
          break;
        case graph_field::kInitializer: {
          const std::string name = read_tensor_head(reader.bytes()).name;
          add_constant(name, tensors_.read(reader.bytes(), name), graph);
          break;
        }
        case graph_field::kSparseInitializer:
          add_sparse_constant(reader.bytes(), graph);
          break;
        case graph_field::kInput:
          graph.inputs.push_back(read_parameter(reader.bytes()));
          graph.types.insert({graph.inputs.back().name, graph.inputs.back().type});
          break;
        case graph_field::kOutput:
          graph.outputs.push_back(read_parameter(reader.bytes()));
          graph.types.insert({graph.outputs.back().name, graph.outputs.back().type});
          break;
        case graph_field::kValueInfo: {
          const Parameter value = read_parameter(reader.bytes());
          graph.types.insert({value.name, value.type});
          break;
        }
        default:
          break;
      }
    }
    --depth_;
    return graph;
  }

  Function read_function(Bytes bytes) {
    Function function;
    WireReader reader(bytes);
    while (reader.next()) {
      if (reader.field() == function_field::kName) function.name = reader.text();
      if (reader.field() == function_field::kInput) function.inputs.push_back(reader.text());
      if (reader.field() == function_field::kOutput) function.outputs.push_back(reader.text());
      if (reader.field() == function_field::kDomain) {
        function.domain = normal_domain(reader.text());
      }
      if (reader.field() == function_field::kNode) {
        function.nodes.push_back(read_node(reader.bytes()));
      }
    }
    return function;
  }

 private:
  static void add_constant(const std::string& name, Constant constant, Graph& graph) {
    graph.types[name] = {ValueType::Kind::kTensor, constant.type, constant.shape, {}};
    graph.constants[name] = std::move(constant);
  }

  void add_sparse_constant(Bytes bytes, Graph& graph) {
    WireReader reader(bytes);
    while (reader.next()) {
      if (reader.field() != sparse_field::kValues) continue;
      const std::string name = read_tensor_head(reader.bytes()).name;
      add_constant(name, tensors_.read_sparse(bytes, name), graph);
    }
  }

  Node read_node(Bytes bytes) {
    Node node;
    WireReader reader(bytes);
    while (reader.next()) {
      switch (reader.field()) {
        case node_field::kInput:
          node.inputs.push_back(reader.text());
          break;
        case node_field::kOutput:
          node.outputs.push_back(reader.text());
          break;
        case node_field::kName:
          node.name = reader.text();
          break;
        case node_field::kOpType:
          node.op = reader.text();
          break;
        case node_field::kDomain:
          node.domain = normal_domain(reader.text());
          break;
        case node_field::kAttribute:
          node.attributes.insert(
              read_attribute(reader.bytes(), node.outputs.empty() ? node.name : node.outputs[0]));
          break;
        default:
          break;
      }
    }
    const auto opset = opsets_.find(node.domain);
    node.opset = opset == opsets_.end() ? 1 : opset->second;
    return node;
  }

  // `owner` names the node for messages.
  std::pair<std::string, Attribute> read_attribute(Bytes bytes, const std::string& owner) {
    std::string name;
    Attribute attribute;
    WireReader reader(bytes);
    while (reader.next()) {
      switch (reader.field()) {
        case attribute_field::kName:
          name = reader.text();
          break;
        case attribute_field::kFloat:
          attribute.f = reader.f32();
          break;
        case attribute_field::kInt:
          attribute.i = reader.integer();
          break;
        case attribute_field::kString:
          attribute.s = reader.text();
          break;
        case attribute_field::kTensor:
          attribute.tensor = tensors_.read(reader.bytes(), owner);
          break;
        case attribute_field::kSparseTensor:
          attribute.tensor = tensors_.read_sparse(reader.bytes(), owner);
          break;
        case attribute_field::kGraph:
          attribute.graph = std::make_shared<const Graph>(read_graph(reader.bytes()));
          break;
        case attribute_field::kGraphs:
          attribute.graphs.push_back(std::make_shared<const Graph>(read_graph(reader.bytes())));
          break;
        case attribute_field::kFloats:
          append_floats(reader, attribute.floats);
          break;
        case attribute_field::kInts:
          append_integers(reader, attribute.ints);
          break;
        case attribute_field::kStrings:
          attribute.strings.push_back(reader.text());
          break;
        case attribute_field::kTensors:
          attribute.tensors.push_back(tensors_.read(reader.bytes(), owner));
          break;
        case attribute_field::kTypeProto:
          attribute.is_type = true;
          attribute.type = read_type(reader.bytes());
          break;
        default:
          break;
      }
    }
    return {std::move(name), std::move(attribute)};
  }

  TensorReader& tensors_;
  const std::map<std::string, int64_t>& opsets_;
  int depth_ = 0;
};

std::pair<std::string, int64_t> read_opset(Bytes bytes) {
  std::pair<std::string, int64_t> opset;
  WireReader reader(bytes);
  while (reader.next()) {
    if (reader.field() == opset_field::kDomain) opset.first = normal_domain(reader.text());
    if (reader.field() == opset_field::kVersion) opset.second = reader.integer();
  }
  return opset;
}

// All but the graph and the functions, whose nodes need the opsets.
void read_head(ModelFile& model) {
  std::string version;
  WireReader reader(model.message);
  while (reader.next()) {
    switch (reader.field()) {
      case model_field::kIrVersion:
        model.ir_version = reader.integer();
        break;
      case model_field::kProducerName:
        model.producer = reader.text();
        break;
      case model_field::kProducerVersion:
        version = reader.text();
        break;
      case model_field::kOpsetImport: {
        const auto [domain, number] = read_opset(reader.bytes());
        model.opsets[domain] = number;
        break;
      }
      case model_field::kGraph:
        model.has_graph = true;
        model.graph_message = reader.bytes();
        break;
      default:
        break;
    }
  }
  if (!version.empty()) model.producer += " " + version;
}

void read_body(const std::string& beside, ModelFile& model) {
  TensorReader tensors(model.owner, std::filesystem::path(beside).parent_path().string());
  GraphReader graphs(tensors, model.opsets);
  model.graph = graphs.read_graph(model.graph_message);
  WireReader reader(model.message);
  while (reader.next()) {
    if (reader.field() != model_field::kFunction) continue;
    model.functions.push_back(graphs.read_function(reader.bytes()));
  }
  model.weight_elements = tensors.elements();
  model.weight_bytes = tensors.bytes();
  model.weight_types = tensors.types();
  model.external_files = tensors.external_files();
}

}  // namespace

ModelFile read_model_file(const std::string& path, const std::string& beside) {
  ModelFile model;
  const auto file = map_message(path, "an ONNX model");
  model.owner = file;
  model.message = file->bytes();
  try {
    read_head(model);
    read_body(beside, model);
    file->require_whole();
  } catch (const Error& error) {
    file->require_whole();
    throw Error(fmt::format("{}: {}", path, error.what()));
  }
  return model;
}

ModelFile read_model_file(const std::string& path) { return read_model_file(path, path); }

ModelFile read_model_message(std::string message, const std::string& beside) {
  const auto owner = std::make_shared<const std::string>(std::move(message));
  ModelFile model;
  model.owner = owner;
  model.message = std::as_bytes(std::span(*owner));
  read_head(model);
  read_body(beside, model);
  return model;
}

std::string normal_domain(const std::string& domain) { return domain == "ai.onnx" ? "" : domain; }

}  // namespace dnnbench::import
