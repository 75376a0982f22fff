// Einsum in plain labels (https://onnx.ai/onnx/operators/onnx__Einsum.html).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "import/graph.h"

namespace dnnbench::semantics {

// The axes of an operand or the output: a letter each, and "..." for those that have none.
struct EinsumTerm {
  std::string letters;
  std::optional<size_t> ellipsis;  // the number of letters before it

  std::string text() const;  // "b...ij"
};

struct Einsum {
  std::vector<EinsumTerm> operands;
  EinsumTerm output;

  std::string equation() const;  // "...ij,jk->...ik"
};

// Where the equation has no output, that is the ellipsis if there is one, then the letters that
// occur once in all operands, in the order of ASCII. An ellipsis of the output alone stands for no
// axes and is left out. Throws Unsupported for an equation that the operator does not allow, or
// that does not fit the number of inputs.
Einsum read_einsum(const import::Node& node);

// What the product of two operands must keep: the axes of either that the others or the output
// still name, and any ellipsis first.
EinsumTerm pair_output(const EinsumTerm& a, const EinsumTerm& b,
                       const std::vector<EinsumTerm>& needed);

}  // namespace dnnbench::semantics
