// One composite node while it is lowered (lower.h): what is known of it, and the nodes that take
// its place. Those are of opset kLoweredOpset and bear its name. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "import/graph.h"

namespace dnnbench::semantics {

using Shape = std::vector<int64_t>;

inline constexpr int64_t kLoweredOpset = 24;

// A graph and those around it.
struct Scope {
  const import::Graph* graph;
  const Scope* outer;

  const import::ValueType* type_of(const std::string& value) const;
};

using Attributes =
    std::map<std::string, std::variant<int64_t, double, std::string, std::vector<int64_t>>>;

class Composite {
 public:
  // `names` counts the values made so far, so that no two have the same name.
  Composite(const import::Node& node, const Scope& scope, int64_t& names)
      : node(node), scope_(scope), names_(names) {}

  const import::Node& node;

  bool has(size_t index) const { return node.has_input(index); }
  bool wants(size_t index) const { return node.has_output(index); }
  // Its name; "" where it is left out.
  std::string in(size_t index) const { return has(index) ? node.inputs[index] : ""; }
  // Throw Unsupported where it is not known; sizes of `shape` may be -1.
  DataType type(size_t index) const;
  Shape shape(size_t index) const;
  Shape static_shape(size_t index) const;
  int64_t rank(size_t index) const { return static_cast<int64_t>(shape(index).size()); }

  // --- the nodes that take its place: each returns the name of the value that it computes ----

  std::string add(const std::string& op, const std::vector<std::string>& inputs,
                  const Attributes& attributes = {});
  std::vector<std::string> split(const std::string& x, int64_t axis, const Shape& sizes);
  std::string constant(Tensor tensor);
  std::string integers(const Shape& values);
  std::string number(double value, DataType type);
  std::string scaled(const std::string& x, double factor, DataType type);
  std::string cast(const std::string& x, DataType type);
  std::string reshape(const std::string& x, const Shape& shape);  // 0: as it is, -1: what is left
  std::string unsqueeze(const std::string& x, const Shape& axes);
  std::string transpose(const std::string& x, const Shape& permutation);

  // Tells what is known of a value, for importers that ask. Returns its name.
  std::string typed(const std::string& value, DataType type, const Shape& shape);
  // Says which value is the node's output. Does nothing where nobody wants it.
  void out(size_t index, const std::string& value);
  void out(const std::string& value) { out(0, value); }

  // What was made.
  std::vector<import::Node>& nodes() { return nodes_; }
  std::map<std::string, import::Constant>& constants() { return constants_; }
  std::map<std::string, import::ValueType>& types() { return types_; }

 private:
  std::string new_name();

  const Scope& scope_;
  int64_t& names_;
  std::vector<import::Node> nodes_;
  std::map<std::string, import::Constant> constants_;
  std::map<std::string, import::ValueType> types_;
  std::map<std::string, std::string> renamed_;  // values that became outputs
};

using LowerNode = void (*)(Composite&);
using LowerTable = std::map<std::string, LowerNode>;  // by qualified_op

LowerTable lower_attention();
LowerTable lower_normalization();
LowerTable lower_fused();
LowerTable lower_quantized();

}  // namespace dnnbench::semantics
