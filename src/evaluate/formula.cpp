#include "evaluate/formula.h"

namespace dnnbench::evaluate {
namespace {

const FormulaTable& table() {
  static const FormulaTable all = [] {
    FormulaTable merged = elementwise_formulas();
    merged.merge(moving_formulas());
    merged.merge(product_formulas());
    merged.merge(reducing_formulas());
    return merged;
  }();
  return all;
}

}  // namespace

const Operand& Call::in(size_t i) const {
  if (!has(i)) throw Unsupported("an input is left out");
  return *inputs[i];
}

std::vector<int64_t> Call::list(const std::string& attribute, size_t input) const {
  return has(input) ? in(input).integers() : node.integers(attribute);
}

bool has_formula(const import::Node& node) {
  return node.domain.empty() && table().count(node.op) != 0;
}

Formula formula_of(const Call& call) {
  if (!has_formula(call.node)) throw Unsupported("there is no formula for " + call.node.op);
  return table().at(call.node.op)(call);
}

}  // namespace dnnbench::evaluate
