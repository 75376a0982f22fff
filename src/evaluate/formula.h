// Formula: what a node's output should be, one element at a time, computed in doubles by the
// operator's definition (https://onnx.ai/onnx/operators) and nothing else. Slow and plain on
// purpose, and without any engine's library: it decides whether such a library is right.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "evaluate/operand.h"
#include "import/graph.h"

namespace dnnbench::evaluate {

// The magnitude of an element whose value the operator leaves open.
constexpr double kOpen = std::numeric_limits<double>::infinity();

struct Element {
  double value = 0;
  // What rounding errors are relative to: the sum of the absolute values of what is added up, or
  // kOpen.
  double magnitude = 0;
};

struct Formula {
  Shape shape;        // of the output
  int64_t terms = 1;  // that are added up for one element, which is also what it costs
  std::function<Element(int64_t flat)> element;  // throws Unsupported as Operand does
};

// A node with what it is given, and which of its outputs is asked for.
struct Call {
  const import::Node& node;
  std::vector<std::optional<Operand>> inputs;
  size_t output = 0;
  DataType type = DataType::kUndefined;  // of that output, and its shape, as the library has it
  Shape shape;

  bool has(size_t i) const { return i < inputs.size() && inputs[i].has_value(); }
  // Throws Unsupported where it is left out.
  const Operand& in(size_t i) const;
  // An integer or list that is an attribute before some opset and an input from it on.
  std::vector<int64_t> list(const std::string& attribute, size_t input) const;
};

// Whether there is a formula for the operator at all.
bool has_formula(const import::Node& node);

// Throws Unsupported where there is none for this form of the operator. Valid as long as what the
// operands view.
Formula formula_of(const Call& call);

// --- by kind of operator; the names are ONNX's own -------------------------------------------

using MakeFormula = Formula (*)(const Call&);
using FormulaTable = std::map<std::string, MakeFormula>;

FormulaTable elementwise_formulas();
FormulaTable moving_formulas();    // operators that only move elements
FormulaTable product_formulas();   // convolutions, matrix products, pools
FormulaTable reducing_formulas();  // reductions, softmax, normalisations

}  // namespace dnnbench::evaluate
