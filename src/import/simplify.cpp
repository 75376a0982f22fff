#include "import/simplify.h"

#include <algorithm>
#include <optional>
#include <set>

#include "import/original.h"
#include "import/proto_fields.h"

namespace dnnbench::import {
namespace {

// Since this version of the format an initializer need not be an input, and is constant where it
// isn't (https://github.com/onnx/onnx/blob/main/docs/IR.md).
constexpr int64_t kIrVersionOfFreeInitializers = 4;

std::string shape_message(const std::vector<int64_t>& shape) {
  std::string message;
  for (const int64_t size : shape) {
    std::string dimension;
    if (size >= 0) write_integer(dimension, dimension_field::kValue, size);
    write_text(message, shape_field::kDimension, dimension);
  }
  return message;
}

std::string value_info(const std::string& name, DataType type,
                       const std::optional<std::vector<int64_t>>& shape) {
  std::string tensor_type, type_message, message;
  write_integer(tensor_type, tensor_type_field::kElementType, static_cast<int64_t>(type));
  if (shape) write_text(tensor_type, tensor_type_field::kShape, shape_message(*shape));
  write_text(type_message, type_field::kTensor, tensor_type);
  write_text(message, value_info_field::kName, name);
  write_text(message, value_info_field::kType, type_message);
  return message;
}

std::string tensor_message(const std::string& name, const Tensor& tensor) {
  std::string message;
  for (const int64_t size : tensor.shape) write_integer(message, tensor_field::kDims, size);
  write_integer(message, tensor_field::kDataType, static_cast<int64_t>(tensor.type));
  for (const std::string& text : tensor.strings)
    write_text(message, tensor_field::kStringData, text);
  if (tensor.type != DataType::kString) write_bytes(message, tensor_field::kRawData, tensor.bytes);
  write_text(message, tensor_field::kName, name);
  return message;
}

// The element type of a tensor's ValueInfoProto; undefined for anything else.
DataType element_type(Bytes info) {
  DataType element = DataType::kUndefined;
  WireReader fields(info);
  while (fields.next()) {
    if (fields.field() != value_info_field::kType) continue;
    WireReader type(fields.bytes());
    while (type.next()) {
      if (type.field() != type_field::kTensor) continue;
      WireReader tensor(type.bytes());
      while (tensor.next()) {
        if (tensor.field() == tensor_type_field::kElementType) {
          element = static_cast<DataType>(tensor.integer());
        }
      }
    }
  }
  return element;
}

// Rewrites the main graph.
class Stripper {
 public:
  Stripper(const Original& original, const LoadConfig& config, int64_t largest_folded_bytes)
      : original_(original), config_(config), largest_folded_bytes_(largest_folded_bytes) {
    for (const Value& value : read_bound_inputs(config)) {
      bound_.insert(value.name);
      write_text(graph_, graph_field::kInitializer, tensor_message(value.name, value.tensor()));
    }
  }

  std::string graph() {
    WireReader reader(original_.graph);
    while (reader.next()) {
      switch (reader.field()) {
        case graph_field::kNode: {
          const ConstantNode node = read_constant_node(reader.bytes());
          if (!strip(node.output, node.tensor)) write_whole(graph_, reader.whole());
          break;
        }
        case graph_field::kInitializer:
          if (!strip(read_tensor_head(reader.bytes()).name, reader.bytes())) {
            write_whole(graph_, reader.whole());
          }
          break;
        case graph_field::kInput:
          write_input(reader);
          break;
        case graph_field::kOutput:
          write_output(reader);
          break;
        case graph_field::kValueInfo:  // of other shapes, maybe; the library infers them anew
          break;
        default:
          write_whole(graph_, reader.whole());
      }
    }
    return std::move(graph_);
  }

 private:
  bool strip(const std::string& name, Bytes tensor) {
    if (!is_weight(tensor, largest_folded_bytes_)) return false;
    const TensorHead head = read_tensor_head(tensor);
    write_text(graph_, graph_field::kInput, value_info(name, head.type, head.shape));
    return true;
  }

  // Sizes that the file states for an output may be symbols, or of other inputs.
  void write_output(const WireReader& reader) {
    const DataType element = element_type(reader.bytes());
    if (element == DataType::kUndefined) return write_whole(graph_, reader.whole());
    write_text(graph_, graph_field::kOutput,
               value_info(name_of_value_info(reader.bytes()), element, std::nullopt));
  }

  void write_input(const WireReader& reader) {
    const std::string name = name_of_value_info(reader.bytes());
    const auto& inputs = original_.inputs;
    const bool is_initializer = std::find(inputs.begin(), inputs.end(), name) == inputs.end();
    if (is_initializer || bound_.count(name) != 0) return;
    const auto shape = config_.input_shapes.find(name);
    const DataType element = element_type(reader.bytes());
    if (shape == config_.input_shapes.end() || element == DataType::kUndefined) {
      write_whole(graph_, reader.whole());
    } else {
      write_text(graph_, graph_field::kInput, value_info(name, element, shape->second));
    }
  }

  const Original& original_;
  const LoadConfig& config_;
  int64_t largest_folded_bytes_;
  std::set<std::string> bound_;
  std::string graph_;
};

Bytes bytes_of(const std::string& model) { return std::as_bytes(std::span(model)); }

// The model with each field of its graph passed through `write(reader, graph)`, and what `finish`
// appends to it.
template <typename Write, typename Finish>
std::string rewrite_graph(const std::string& model, Write write, Finish finish) {
  std::string rewritten;
  WireReader fields(bytes_of(model));
  while (fields.next()) {
    if (fields.field() != model_field::kGraph) {
      write_whole(rewritten, fields.whole());
      continue;
    }
    std::string graph;
    WireReader reader(fields.bytes());
    while (reader.next()) write(reader, graph);
    finish(graph);
    write_text(rewritten, model_field::kGraph, graph);
  }
  return rewritten;
}

std::vector<std::string> outputs_of_node(Bytes node) {
  std::vector<std::string> outputs;
  WireReader reader(node);
  while (reader.next()) {
    if (reader.field() == node_field::kOutput) outputs.push_back(reader.text());
  }
  return outputs;
}

}  // namespace

std::string without_weights(const LoadConfig& config, int64_t largest_folded_bytes) {
  const Original original(config.model_path);
  std::string model;
  WireReader reader(original.files.model());
  while (reader.next()) {
    if (reader.field() == model_field::kIrVersion) {
      write_integer(model, model_field::kIrVersion,
                    std::max(reader.integer(), kIrVersionOfFreeInitializers));
    } else if (reader.field() == model_field::kGraph) {
      write_text(model, model_field::kGraph,
                 Stripper(original, config, largest_folded_bytes).graph());
    } else {
      write_whole(model, reader.whole());
    }
  }
  return model;
}

std::string with_every_value_as_output(const std::string& model) {
  std::set<std::string> outputs;
  const auto add_output = [&](const std::string& name, std::string& graph) {
    if (name.empty() || !outputs.insert(name).second) return;
    std::string value;
    write_text(value, value_info_field::kName, name);
    write_text(graph, graph_field::kOutput, value);
  };
  std::vector<std::string> values;
  return rewrite_graph(
      model,
      [&](const WireReader& reader, std::string& graph) {
        write_whole(graph, reader.whole());
        if (reader.field() == graph_field::kOutput) {
          outputs.insert(name_of_value_info(reader.bytes()));
        } else if (reader.field() == graph_field::kNode) {
          for (const std::string& name : outputs_of_node(reader.bytes())) values.push_back(name);
        }
      },
      [&](std::string& graph) {
        for (const std::string& name : values) add_output(name, graph);
      });
}

std::string with_types(const std::string& model, const std::vector<Parameter>& values) {
  return rewrite_graph(
      model,
      [](const WireReader& reader, std::string& graph) { write_whole(graph, reader.whole()); },
      [&](std::string& graph) {
        for (const Parameter& value : values) {
          write_text(graph, graph_field::kValueInfo,
                     value_info(value.name, value.type.element, value.type.shape));
        }
      });
}

}  // namespace dnnbench::import
