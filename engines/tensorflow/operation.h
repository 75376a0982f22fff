// One node of the model while it is emitted: what an operator's function in the table is given.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "emitter.h"
#include "graph.h"
#include "import/graph.h"
#include "permutation.h"
#include "semantics/axes.h"

namespace dnnbench::tf {

// Operands of an elementwise operation, their dimensions stored in the same order.
struct Aligned {
  Outs operands;
  Permutation permutation;
};

class Operation {
 public:
  Operation(Emitter& emitter, const import::Node& node)
      : emitter(emitter), g(emitter.graph()), node(node) {}

  Emitter& emitter;
  Graph& g;
  const import::Node& node;

  // --- inputs -------------------------------------------------------------------------------

  size_t input_count() const { return node.inputs.size(); }
  bool has(size_t index) const { return node.has_input(index); }
  Out in(size_t index, const Permutation& permutation = {}) const;
  // All inputs, in logical order.
  Outs ins() const;
  TF_DataType type(size_t index) const;
  // The order in which the input is stored already; of a constant the logical one.
  Permutation order(size_t index) const;
  // Those inputs for an elementwise operation that broadcasts as ONNX does.
  Aligned aligned(const std::vector<size_t>& inputs) const;

  std::optional<Shape> find_shape(size_t index) const;
  // Throws Unsupported where the rank is not known. A size may be -1.
  Shape shape(size_t index) const;
  // Throws Unsupported where a size is not known.
  Shape static_shape(size_t index) const;
  size_t rank(size_t index) const { return shape(index).size(); }

  const import::Constant* constant(size_t index) const;
  // The elements where they are known.
  std::optional<std::vector<int64_t>> find_integers(size_t index) const;
  std::optional<double> find_number(size_t index) const;
  // Throw Unsupported where they are not; `what` names the input: "scales".
  std::vector<int64_t> integers(size_t index, const std::string& what) const;
  std::vector<double> numbers(size_t index, const std::string& what) const;

  // --- attributes ---------------------------------------------------------------------------

  int64_t integer(const std::string& name, int64_t otherwise) const {
    return node.integer(name, otherwise);
  }
  double number(const std::string& name, double otherwise) const {
    return node.number(name, otherwise);
  }
  // An axis counted from 0. Throws Unsupported for one that the rank has not.
  int64_t axis(const std::string& name, int64_t otherwise, size_t rank) const {
    return semantics::axis_from_start(integer(name, otherwise), rank);
  }
  // The `axes` that are an attribute before an opset and an input from it on. nullopt: not given.
  std::optional<std::vector<int64_t>> axes(size_t input, size_t rank) const;

  // --- outputs ------------------------------------------------------------------------------

  bool wants(size_t index) const { return node.has_output(index); }
  void out(size_t index, Out tensor, const Permutation& permutation = {}) const;
  void out(Out tensor, const Permutation& permutation = {}) const { out(0, tensor, permutation); }

  // A dimension that is `logical` in the model's order.
  static int64_t stored(const Permutation& permutation, int64_t logical) {
    return stored_axis(permutation, static_cast<int>(logical));
  }
};

}  // namespace dnnbench::tf
