#include "import/simplify.h"

#include <algorithm>
#include <optional>
#include <set>

#include "import/graph_walk.h"
#include "import/proto_fields.h"
#include "import/read_tensor.h"
#include "import/write_model.h"
#include "protocol/value_file.h"

namespace dnnbench::import {
namespace {

// Since this version of the format an initializer need not be an input, and is constant where it
// isn't (https://github.com/onnx/onnx/blob/main/docs/IR.md).
constexpr int64_t kIrVersionOfFreeInitializers = 4;

bool is_weight(const Constant* constant, int64_t largest_folded_bytes) {
  return constant != nullptr && constant->type != DataType::kString &&
         static_cast<int64_t>(constant->bytes.size()) > largest_folded_bytes;
}

// Rewrites the main graph: its fields one by one, beside what they were read as.
class Stripper {
 public:
  Stripper(const ModelFile& original, const LoadConfig& config, int64_t largest_folded_bytes)
      : original_(original.graph), config_(config), largest_folded_bytes_(largest_folded_bytes) {
    for (const Value& value : read_bound_inputs(config)) {
      bound_.insert(value.name);
      write_text(graph_, graph_field::kInitializer,
                 tensor_message(value.name, make_constant(value.tensor())));
    }
    node_ = original_.nodes.begin();
    input_ = original_.inputs.begin();
    output_ = original_.outputs.begin();
    WireReader reader(original.graph_message);
    while (reader.next()) rewrite(reader);
  }

  std::string graph() { return std::move(graph_); }

 private:
  void rewrite(const WireReader& reader) {
    switch (reader.field()) {
      case graph_field::kNode: {
        const Node& node = *node_++;
        const Constant* constant = constant_of(node);
        if (is_weight(constant, largest_folded_bytes_)) {
          return write_weight(node.outputs[0], *constant);
        }
        return write_whole(graph_, reader.whole());
      }
      case graph_field::kInitializer: {
        const std::string name = read_tensor_head(reader.bytes()).name;
        const Constant* constant = original_.constant(name);
        if (is_weight(constant, largest_folded_bytes_)) return write_weight(name, *constant);
        // The library refuses small ones behind links.
        if (is_external(reader.bytes()) && !is_weight(constant, kLargestFolded_bytes)) {
          return write_text(graph_, graph_field::kInitializer, tensor_message(name, *constant));
        }
        return write_whole(graph_, reader.whole());
      }
      case graph_field::kInput:
        return write_input(*input_++, reader);
      case graph_field::kOutput:
        return write_output(*output_++, reader);
      case graph_field::kValueInfo:  // of other shapes, maybe; the library infers them again
        return;
      default:
        return write_whole(graph_, reader.whole());
    }
  }

  void write_weight(const std::string& name, const Constant& constant) {
    write_text(graph_, graph_field::kInput, value_info(name, constant.type, constant.shape));
  }

  // Sizes that the file states for an output may be symbols, or of other inputs.
  void write_output(const Parameter& output, const WireReader& reader) {
    if (!is_tensor(output.type)) return write_whole(graph_, reader.whole());
    write_text(graph_, graph_field::kOutput,
               value_info(output.name, output.type.element, std::nullopt));
  }

  void write_input(const Parameter& input, const WireReader& reader) {
    if (original_.constant(input.name) != nullptr || bound_.count(input.name) != 0) return;
    const auto shape = config_.input_shapes.find(input.name);
    if (shape == config_.input_shapes.end() || !is_tensor(input.type)) {
      write_whole(graph_, reader.whole());
    } else {
      write_text(graph_, graph_field::kInput,
                 value_info(input.name, input.type.element, shape->second));
    }
  }

  static bool is_tensor(const ValueType& type) {
    return type.kind == ValueType::Kind::kTensor && type.element != DataType::kUndefined;
  }

  const Graph& original_;
  const LoadConfig& config_;
  int64_t largest_folded_bytes_;
  std::vector<Node>::const_iterator node_;
  std::vector<Parameter>::const_iterator input_, output_;
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

}  // namespace

std::vector<Value> read_bound_inputs(const LoadConfig& config) {
  if (config.bound_inputs_file.empty()) return {};
  return read_values(config.bound_inputs_file);
}

std::string without_weights(const LoadConfig& config, int64_t largest_folded_bytes) {
  const ModelFile original = read_model_file(config.model_path);
  const std::string graph = Stripper(original, config, largest_folded_bytes).graph();
  std::string model;
  write_integer(model, model_field::kIrVersion,
                std::max(original.ir_version, kIrVersionOfFreeInitializers));
  WireReader reader(original.message);
  while (reader.next()) {
    const int field = reader.field();
    if (field == model_field::kIrVersion || field == model_field::kGraph) continue;
    write_whole(model, reader.whole());
  }
  write_text(model, model_field::kGraph, graph);
  return model;
}

std::string with_weights(const ModelFile& model, const Graph& original) {
  std::string graph;
  std::map<std::string, Bytes> inputs;
  auto input = model.graph.inputs.begin();
  WireReader reader(model.graph_message);
  while (reader.next()) {
    switch (reader.field()) {
      case graph_field::kInput:
        inputs[(input++)->name] = reader.whole();
        break;
      case graph_field::kInitializer:
      case graph_field::kSparseInitializer:
        break;
      default:
        write_whole(graph, reader.whole());
    }
  }
  std::set<std::string> bound_names;
  for (const Parameter& taken : original.open_inputs()) {
    const auto found = inputs.find(taken.name);
    if (found != inputs.end()) {
      write_whole(graph, found->second);
      inputs.erase(found);
    } else if (const Constant* bound = model.graph.constant(taken.name)) {
      write_text(graph, graph_field::kInput, value_info(taken.name, bound->type, bound->shape));
      bound_names.insert(taken.name);
    }
  }
  const auto weights = constants_of(original);
  const auto write_constant = [&](const std::string& name, const Constant& constant) {
    write_text(graph, graph_field::kInitializer, tensor_message(name, constant));
  };
  for (const auto& [name, field] : inputs) write_constant(name, *weights.at(name));
  for (const auto& [name, constant] : model.graph.constants) {
    if (bound_names.count(name) == 0) write_constant(name, constant);
  }
  return with_graph(model.message, graph);
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
          for (auto& name : texts_of(reader.bytes(), value_info_field::kName)) outputs.insert(name);
        } else if (reader.field() == graph_field::kNode) {
          for (auto& name : texts_of(reader.bytes(), node_field::kOutput)) values.push_back(name);
        }
      },
      [&](std::string& graph) {
        for (const std::string& name : values) add_output(name, graph);
      });
}

// A message that occurs twice is the two together
// (https://protobuf.dev/programming-guides/encoding/#last-one-wins), so that nothing is copied.
void add_outputs(std::string& model, const std::vector<std::string>& values) {
  std::string graph;
  for (const std::string& name : values) {
    std::string value;
    write_text(value, value_info_field::kName, name);
    write_text(graph, graph_field::kOutput, value);
  }
  write_text(model, model_field::kGraph, graph);
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
