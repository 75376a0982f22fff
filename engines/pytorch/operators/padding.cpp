// Pad, in all its modes.
#include <fmt/format.h>

#include "operators.h"
#include "semantics/pads.h"
#include "windows.h"

namespace dnnbench::pytorch {
namespace {

using semantics::Pads;

// nullopt where they are known only when it runs.
std::optional<Pads> known_pads(const Operation& op) {
  const auto rank = static_cast<size_t>(op.rank(0));
  if (semantics::pads_are_attributes(op.node)) {
    return semantics::spread_pads(op.node.integers("pads"), {}, rank);
  }
  const auto pads = op.integers(1);
  const auto axes = op.has(3) ? op.integers(3) : Shape{};
  if (!pads || !axes) return std::nullopt;
  return semantics::spread_pads(*pads, *axes, rank);
}

std::string padding_value(Operation& op) {
  if (semantics::pads_are_attributes(op.node)) return number(op.node.number("value", 0));
  if (!op.has(2)) return "0";
  const std::string value = is_floating_point(op.type(0)) ? op.float_scalar(2) : op.int_scalar(2);
  return op.type(0) == DataType::kBool ? fmt::format("int({})", value) : value;
}

// The library's own takes only some ranks and pads; for those it is fast.
std::string library_function(const Operation& op, const Pads& pads, const std::string& mode) {
  if (op.rank(0) != 4 || pads.cuts() || !op.shape(0) || !is_floating_point(op.type(0))) return "";
  if (mode != "reflect" && mode != "edge") return "";
  for (size_t i = 0; i < 4; ++i) {
    const int64_t limit = i < 2 ? 1 : op.size(0, static_cast<int64_t>(i));
    if (pads.before[i] >= limit || pads.after[i] >= limit) return "";
  }
  return fmt::format("torch.{}_pad2d({}, {})", mode == "reflect" ? "reflection" : "replication",
                     op.in(0),
                     list({pads.before[3], pads.after[3], pads.before[2], pads.after[2]}));
}

void emit_pad(Operation& op) {
  const std::string mode = semantics::read_pad_mode(op.node);
  const auto pads = op.known_rank(0) ? known_pads(op) : std::nullopt;
  if (!pads) {
    const std::string axes = op.has(3) ? op.int_list(3) : list({});
    return op.out(op.call("pad_dynamic",
                          {op.in(0), op.int_list(1), axes, padding_value(op), "\"" + mode + "\""}));
  }
  if (mode == "constant") {
    return op.out(fmt::format("torch.constant_pad_nd({}, {}, {})", op.in(0),
                              list(pads_last_first(pads->before, pads->after)), padding_value(op)));
  }
  const std::string function = library_function(op, *pads, mode);
  if (!function.empty()) return op.out(function);
  std::string y = op.in(0);
  for (size_t i = 0; i < pads->before.size(); ++i) {
    if (pads->before[i] == 0 && pads->after[i] == 0) continue;
    y = op.let(op.call("pad_axis", {y, std::to_string(i), std::to_string(pads->before[i]),
                                    std::to_string(pads->after[i]), "\"" + mode + "\""}));
  }
  op.out(y);
}

}  // namespace

Operators padding_operators() {
  Operators table;
  table["Pad"] = emit_pad;
  table["com.microsoft.Pad"] = emit_pad;
  return table;
}

}  // namespace dnnbench::pytorch
