#include "import/read_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/error.h"
#include "import/original.h"
#include "import/proto_fields.h"
#include "import/read_tensor.h"
#include "protocol/value_file.h"

namespace dnnbench::import {
namespace {

using Opsets = std::map<std::string, int64_t>;

std::string normal_domain(const std::string& domain) { return domain == "ai.onnx" ? "" : domain; }

std::vector<int64_t> read_shape(Bytes shape) {
  std::vector<int64_t> sizes;
  WireReader dimensions(shape);
  while (dimensions.next()) {
    if (dimensions.field() != shape_field::kDimension) continue;
    int64_t size = -1;
    WireReader dimension(dimensions.bytes());
    while (dimension.next()) {
      if (dimension.field() == dimension_field::kValue) size = dimension.integer();
    }
    sizes.push_back(size);
  }
  return sizes;
}

void read_tensor_type(Bytes tensor, ValueType& type) {
  WireReader reader(tensor);
  while (reader.next()) {
    if (reader.field() == tensor_type_field::kElementType) {
      type.element = static_cast<DataType>(reader.integer());
    } else if (reader.field() == tensor_type_field::kShape) {
      type.shape = read_shape(reader.bytes());
    }
  }
}

// The type inside a sequence's or optional's type: their field 1.
Bytes inner_type(Bytes type) {
  WireReader reader(type);
  while (reader.next()) {
    if (reader.field() == 1) return reader.bytes();
  }
  return {};
}

ValueType read_type(Bytes bytes) {
  ValueType type;
  type.kind = ValueType::Kind::kOther;
  WireReader reader(bytes);
  while (reader.next()) {
    if (reader.field() == type_field::kTensor) {
      type.kind = ValueType::Kind::kTensor;
      read_tensor_type(reader.bytes(), type);
    } else if (reader.field() == type_field::kSequence) {
      type = read_type(inner_type(reader.bytes()));
      type.kind = type.kind == ValueType::Kind::kTensor ? ValueType::Kind::kSequence
                                                        : ValueType::Kind::kOther;
    } else if (reader.field() == type_field::kOptional) {
      type = read_type(inner_type(reader.bytes()));
      type.kind = type.kind == ValueType::Kind::kTensor     ? ValueType::Kind::kOptional
                  : type.kind == ValueType::Kind::kSequence ? ValueType::Kind::kOptionalSequence
                                                            : ValueType::Kind::kOther;
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

// The graphs of the simplified file, whose small tensors may still lie in the original's weight
// files.
class GraphReader {
 public:
  GraphReader(const std::string& path, const std::string& original) : files_(path, original) {
    Bytes graph;
    WireReader reader(files_.model());
    while (reader.next()) {
      if (reader.field() == model_field::kOpsetImport) read_opset(reader.bytes());
      if (reader.field() == model_field::kGraph) graph = reader.bytes();
    }
    graph_ = read_graph(graph);
  }

  Graph take() { return std::move(graph_); }

 private:
  void read_opset(Bytes bytes) {
    std::string domain;
    int64_t version = 1;
    WireReader reader(bytes);
    while (reader.next()) {
      if (reader.field() == opset_field::kDomain) domain = reader.text();
      if (reader.field() == opset_field::kVersion) version = reader.integer();
    }
    opsets_[normal_domain(domain)] = version;
  }

  Graph read_graph(Bytes bytes) {
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
        case graph_field::kInitializer:
          add_constant(read_tensor_head(reader.bytes()).name, files_.read_tensor(reader.bytes()),
                       graph);
          break;
        case graph_field::kSparseInitializer:
          add_sparse_constant(reader.bytes(), graph);
          break;
        case graph_field::kInput:
          graph.inputs.push_back(read_parameter(reader.bytes()));
          graph.types[graph.inputs.back().name] = graph.inputs.back().type;
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
    return graph;
  }

  static void add_constant(const std::string& name, Constant constant, Graph& graph) {
    graph.types[name] = {ValueType::Kind::kTensor, constant.type, constant.shape};
    graph.constants[name] = std::move(constant);
  }

  void add_sparse_constant(Bytes bytes, Graph& graph) {
    WireReader reader(bytes);
    while (reader.next()) {
      if (reader.field() != sparse_field::kValues) continue;
      add_constant(read_tensor_head(reader.bytes()).name, files_.read_sparse_tensor(bytes), graph);
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
          node.attributes.insert(read_attribute(reader.bytes()));
          break;
        default:
          break;
      }
    }
    const auto opset = opsets_.find(node.domain);
    node.opset = opset == opsets_.end() ? 1 : opset->second;
    return node;
  }

  std::pair<std::string, Attribute> read_attribute(Bytes bytes) {
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
          attribute.tensor = files_.read_tensor(reader.bytes());
          break;
        case attribute_field::kSparseTensor:
          attribute.tensor = files_.read_sparse_tensor(reader.bytes());
          break;
        case attribute_field::kGraph:
          attribute.graph = std::make_shared<const Graph>(read_graph(reader.bytes()));
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
          attribute.tensors.push_back(files_.read_tensor(reader.bytes()));
          break;
        case attribute_field::kTypeProto:
          attribute.is_type = true;
          attribute.type = read_type(reader.bytes());
          break;
        default:
          break;
      }
    }
    return {name, attribute};
  }

  ModelFiles files_;
  Opsets opsets_;
  Graph graph_;
};

// In the original's order, without the weights and what is bound.
void order_inputs(const Original& original, const ImportedModel& model, Graph& graph) {
  std::vector<Parameter> inputs;
  for (const std::string& name : original.inputs) {
    if (model.bound_inputs.count(name) != 0) continue;
    const ValueType* type = graph.type_of(name);
    if (type != nullptr) inputs.push_back({name, *type});
  }
  graph.inputs = std::move(inputs);
}

void order_outputs(const Original& original, Graph& graph) {
  std::vector<Parameter> outputs;
  for (const std::string& name : original.outputs) {
    const ValueType* type = graph.type_of(name);
    outputs.push_back({name, type != nullptr ? *type : ValueType{}});
  }
  graph.outputs = std::move(outputs);
}

void put_weights_back(Original& original, Graph& graph) {
  for (const Parameter& input : graph.inputs) {
    const auto weight = original.weights.find(input.name);
    if (weight == original.weights.end()) continue;
    Constant constant = original.files.read_tensor(weight->second);
    graph.types[input.name] = {ValueType::Kind::kTensor, constant.type, constant.shape};
    graph.constants[input.name] = std::move(constant);
  }
}

bool fits(const std::vector<int64_t>& shape, const std::vector<int64_t>& wanted) {
  return std::equal(shape.begin(), shape.end(), wanted.begin(), wanted.end(),
                    [](int64_t size, int64_t want) { return want < 0 || size == want; });
}

void require_fit(const Value& value, const ValueType& type) {
  if (value.kind != Value::Kind::kTensor || type.kind != ValueType::Kind::kTensor) return;
  const Tensor& tensor = value.tensor();
  if (tensor.type == type.element && (!type.shape || fits(tensor.shape, *type.shape))) return;
  throw Error(fmt::format("the model's input \"{}\" takes {}, not {}", value.name,
                          dnnbench::describe(type.element, type.shape.value_or(tensor.shape)),
                          dnnbench::describe(tensor.type, tensor.shape)));
}

void require_as_bound(const Value& value, const Tensor& bound) {
  if (value.kind == Value::Kind::kTensor && value.tensor().type == bound.type &&
      value.tensor().shape == bound.shape && value.tensor().bytes == bound.bytes) {
    return;
  }
  throw Error(fmt::format(
      "the input \"{}\" was bound to another value when the model was converted", value.name));
}

}  // namespace

ImportedModel read_graph(const LoadConfig& config) {
  if (config.simplified_path.empty()) {
    throw Error("this engine imports a model's simplified form, and was not given one");
  }
  ImportedModel model;
  model.graph = GraphReader(config.simplified_path, config.model_path).take();
  Original original(config.model_path);
  for (const Value& value : read_bound_inputs(config)) {
    model.bound_inputs[value.name] = value.tensor();
  }
  put_weights_back(original, model.graph);
  order_inputs(original, model, model.graph);
  order_outputs(original, model.graph);
  return model;
}

std::vector<Value> graph_inputs(const ImportedModel& model, const std::vector<Value>& given) {
  std::map<std::string, const Value*> by_name;
  for (const Value& value : given) by_name[value.name] = &value;
  for (const auto& [name, bound] : model.bound_inputs) {
    const auto found = by_name.find(name);
    if (found == by_name.end()) continue;
    require_as_bound(*found->second, bound);
    by_name.erase(found);
  }
  std::vector<Value> inputs;
  for (const Parameter& input : model.graph.inputs) {
    const auto found = by_name.find(input.name);
    if (found == by_name.end()) {
      throw Error(fmt::format("the model's input \"{}\" was not given", input.name));
    }
    require_fit(*found->second, input.type);
    inputs.push_back(*found->second);
    by_name.erase(found);
  }
  if (!by_name.empty()) {
    throw Error(fmt::format("the model has no input \"{}\"", by_name.begin()->first));
  }
  return inputs;
}

}  // namespace dnnbench::import
