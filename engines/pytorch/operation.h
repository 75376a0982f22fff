// Operation: one node being written, as the functions of the tables (operators.h) see it: its
// inputs as TorchScript expressions and what is known of them, its outputs to be set. And the
// little pieces of TorchScript text that many of them need.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "emitter.h"
#include "import/graph.h"

namespace dnnbench::pytorch {

class Operation {
 public:
  Operation(Emitter& emitter, const import::Node& node) : emitter_(emitter), node(node) {}

  Emitter& emitter() { return emitter_; }

  // Inputs. Those that give text or a fact throw Unsupported when it can't be had.
  bool has(size_t index) const { return node.has_input(index); }
  size_t input_count() const { return node.inputs.size(); }
  const Variable& variable(size_t index) const;
  std::string in(size_t index) const { return variable(index).name; }
  std::string in_or(size_t index, const std::string& otherwise) const;
  DataType type(size_t index) const;               // undefined when not known
  std::optional<Shape> shape(size_t index) const;  // when every size is known
  std::optional<int64_t> known_rank(size_t index) const;
  int64_t rank(size_t index) const;
  int64_t size(size_t index, int64_t axis) const;  // of a dimension; the axis may be negative
  std::optional<std::vector<int64_t>> integers(size_t index) const;  // when they are constant
  std::optional<std::vector<double>> doubles(size_t index) const;

  // An input as List[int], int, or float; literal where it is constant.
  std::string int_list(size_t index);
  std::string int_scalar(size_t index);
  std::string float_scalar(size_t index);

  // The axis within [0, rank).
  int64_t axis(int64_t axis, size_t index = 0) const;

  // Outputs. `element` counts where the graph does not say; undefined: the first input's.
  bool wants(size_t index) const { return node.has_output(index); }
  void out(size_t index, const std::string& expression, DataType element = DataType::kUndefined);
  void out(const std::string& expression, DataType element = DataType::kUndefined) {
    out(0, expression, element);
  }
  // Gives an output the variable of something that exists already.
  void alias(size_t index, const Variable& variable);
  const import::ValueType* out_type(size_t index) const;

  // A new variable with that value.
  std::string let(const std::string& expression);
  std::string let_typed(const std::string& type, const std::string& expression);
  void line(const std::string& text) { emitter_.line(text); }
  // "self.NAME(ARGUMENTS)", a function of helpers.h.
  std::string call(const std::string& helper, const std::vector<std::string>& arguments);
  std::string constant(Tensor tensor);
  std::string ints_constant(const std::vector<int64_t>& values);  // an int64 tensor [n]
  std::string floats_constant(const std::vector<double>& values, DataType type);

  [[noreturn]] void unsupported(const std::string& why) const;
  // Attributes that only one value is implemented for.
  void require(bool condition, const std::string& why) const;

 private:
  Emitter& emitter_;

 public:
  const import::Node& node;
};

// "[1, 2]", also for no elements.
std::string list(const std::vector<int64_t>& values);
std::string float_list(const std::vector<double>& values);
std::string tensor_list(const std::vector<std::string>& tensors);
std::string number(double value);
std::string truth(bool value);
// "x.to(6)": ONNX's Cast of an expression between the types in which the program holds them.
std::string cast(const std::string& expression, DataType from, DataType to);
// The dtype's number for a held type.
std::string dtype(DataType type);

}  // namespace dnnbench::pytorch
