// A model as an importer sees it: plain ONNX operators with constants, types and static shapes,
// read for an engine that has no reader of its own. Plain data, no protobuf types: an engine's
// library may bring a protobuf of its own. import/read_graph.h fills it.
//
// Names of values are unique within a graph; a subgraph's nodes may also use the values of the
// graphs around it. Nodes are in an order in which every value is computed before it is used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/tensor.h"

namespace dnnbench::import {

// A tensor whose elements are known. A copy is cheap: it shares the elements, which are read-only
// and mostly lie in a file that is mapped into memory. `owner` keeps them there.
struct Constant {
  DataType type = DataType::kUndefined;
  std::vector<int64_t> shape;
  std::span<const std::byte>
      bytes;  // as in Tensor::bytes; not always aligned to the element's size
  std::vector<std::string> strings;  // the elements when type is kString
  std::shared_ptr<const void> owner;

  int64_t element_count() const { return dnnbench::element_count(shape); }
  // Owns its elements.
  Tensor tensor() const;
  // The elements as integers or doubles, whatever their type. Throws Error for strings.
  std::vector<int64_t> integers() const;
  std::vector<double> doubles() const;
};

Constant make_constant(Tensor tensor);

// What is known of a value before anything runs.
struct ValueType {
  enum class Kind { kTensor, kSequence, kOptional, kOptionalSequence, kMap, kSparseTensor, kOther };
  Kind kind = Kind::kTensor;
  DataType element = DataType::kUndefined;  // of the tensor or the tensors within; may be unknown
  std::optional<std::vector<int64_t>>
      shape;                         // absent: not even the rank is known; -1: unknown size
  std::vector<std::string> symbols;  // of the shape's dimensions, "batch"; "" where there is none

  // A tensor of which every size is known.
  bool is_static() const;
};

struct Graph;

// One attribute of a node; which member counts is the operator's affair, as in ONNX.
struct Attribute {
  double f = 0;  // of a float
  int64_t i = 0;
  std::string s;
  std::vector<double> floats;
  std::vector<int64_t> ints;
  std::vector<std::string> strings;
  std::optional<Constant> tensor;
  std::vector<Constant> tensors;
  std::shared_ptr<const Graph> graph;
  std::vector<std::shared_ptr<const Graph>> graphs;
  bool is_type = false;  // of kind TypeProto; `type` counts
  ValueType type;
};

struct Node {
  std::string op;                    // "Conv"
  std::string domain;                // "" is ONNX's own
  int64_t opset = 0;                 // the version of its domain that is in force
  std::string name;                  // may be empty
  std::vector<std::string> inputs;   // "" where an optional one is left out
  std::vector<std::string> outputs;  // "" where nobody wants it
  std::map<std::string, Attribute> attributes;

  bool has_input(size_t index) const { return index < inputs.size() && !inputs[index].empty(); }
  bool has_output(size_t index) const { return index < outputs.size() && !outputs[index].empty(); }

  // nullptr when it has no such attribute.
  const Attribute* attribute(const std::string& name) const;
  // The attribute's value, or what the operator takes without it.
  int64_t integer(const std::string& name, int64_t otherwise) const;
  double number(const std::string& name, double otherwise) const;
  std::string text(const std::string& name, const std::string& otherwise) const;
  std::vector<int64_t> integers(const std::string& name,
                                const std::vector<int64_t>& otherwise = {}) const;
};

// "com.example.Foo", or "Conv" for ONNX's own.
std::string qualified_op(const Node& node);

// The node's name, or its first output's where it has none.
const std::string& label(const Node& node);

// `Conv (opset 11), node "conv1"`, for messages.
std::string describe(const Node& node);

// Unsupported that names the node, once, however deep in subgraphs the node lies.
class UnsupportedNode : public Unsupported {
 public:
  UnsupportedNode(const Node& node, const std::string& why)
      : Unsupported(describe(node) + ": " + why) {}
};

struct Parameter {
  std::string name;
  ValueType type;
};

struct Graph {
  std::string name;
  std::vector<Parameter> inputs;   // in the model's order; see open_inputs
  std::vector<Parameter> outputs;  // in the model's order. May name an input or a constant
  std::map<std::string, Constant> constants;
  std::map<std::string, ValueType> types;  // of every value of this graph that is known, inputs,
                                           // outputs and constants among them
  std::vector<Node> nodes;

  // nullptr when nothing is known, or the value is one of a graph around this one.
  const ValueType* type_of(const std::string& value) const;
  const Constant* constant(const std::string& value) const;
  // The inputs that no constant fills.
  std::vector<Parameter> open_inputs() const;
};

}  // namespace dnnbench::import
