// oneDNN's int8 operators, in the program's namespace "onednn". What int8.h makes of a quantised
// model.
#include <fmt/format.h>

#include "operators.h"
#include "windows.h"

namespace dnnbench::pytorch {
namespace {

constexpr const char* kUint8 = "0";  // as types.h counts the library's types
constexpr const char* kFloat32 = "6";
constexpr const char* kQuint8 = "13";
constexpr const char* kChannelsLast = "memory_format=2";

// "0.25, 128"
std::string affine(const Operation& op, const std::string& prefix) {
  return fmt::format("{}, {}", number(op.node.number(prefix + "scale", 1)),
                     op.node.integer(prefix + "zero_point", 0));
}

bool is_quantised(const Operation& op) { return op.node.attribute("y_scale") != nullptr; }

// "scale, zero point, type" of the output.
std::string output(const Operation& op) {
  if (!is_quantised(op)) return fmt::format("1.0, 0, {}", kFloat32);
  return fmt::format("{}, {}", affine(op, "y_"), kUint8);
}

void give(Operation& op, const std::string& expression) {
  op.out(expression, is_quantised(op) ? DataType::kUint8 : DataType::kFloat32);
}

// "name, its numbers, algorithm"
std::string activation(Operation& op) {
  const std::string name = op.node.text("activation", "none");
  const std::string numbers =
      op.let_typed("List[Optional[number]]",
                   name == "hardtanh" ? fmt::format("[{}, {}]", number(op.node.number("low", 0)),
                                                    number(op.node.number("high", 0)))
                                      : "[]");
  return fmt::format("\"{}\", {}, \"\"", name, numbers);
}

std::string known_shape(const Operation& op) {
  const auto shape = op.shape(0);
  return shape ? list(*shape) : "None";
}

void emit_int8_conv(Operation& op) {
  const Windows w = read_windows(op, kernel_of_weights(op, 1));
  std::string x = op.in(0), shape = known_shape(op);
  Shape pads = w.before;
  if (w.before != w.after) {
    const int64_t zero = op.node.integer("x_zero_point", 0);
    x = op.let(fmt::format("torch.constant_pad_nd({}, {}, {})", x,
                           list(pads_last_first(w.before, w.after)), zero));
    pads.assign(w.dimensions(), 0);
    shape = "None";
  }
  const std::string windows = fmt::format("{}, {}, {}, {}", list(w.strides), list(pads),
                                          list(w.dilations), op.node.integer("group", 1));
  const std::string packed =
      op.let(fmt::format("onednn.qconv_prepack({}, {}, {}, {}, {})", op.in(1), op.in(2),
                         affine(op, "x_"), windows, shape));
  give(op, fmt::format("onednn.qconv2d_pointwise({}, {}, {}, {}, {}, {}, {}, {}, {})", x,
                       affine(op, "x_"), packed, op.in(2), op.ints_constant({0}),
                       op.in_or(3, "None"), windows, output(op), activation(op)));
}

// Rows are the output's channels.
std::string packed_matrix(Operation& op, size_t index, bool by_rows) {
  const std::string rows = by_rows ? op.in(index) : op.in(index) + ".t().contiguous()";
  std::string shape = "None";
  if (const auto known = op.shape(0)) {
    int64_t count = 1;
    for (size_t i = 0; i + 1 < known->size(); ++i) count *= (*known)[i];
    shape = list({count, known->back()});
  }
  return op.let(fmt::format("onednn.qlinear_prepack({}, {})", rows, shape));
}

void emit_linear(Operation& op) {
  const std::string packed = packed_matrix(op, 1, op.node.integer("transB", 0) != 0);
  give(op, fmt::format("onednn.qlinear_pointwise({}, {}, {}, {}, {}, {}, {}, {})", op.in(0),
                       affine(op, "x_"), packed, op.in(2), op.ints_constant({0}),
                       op.in_or(3, "None"), output(op), activation(op)));
}

void emit_dynamic_linear(Operation& op) {
  const std::string packed = packed_matrix(op, 3, false);
  op.out(fmt::format("onednn.qlinear_pointwise({}, {}, {}, {}, {}, {}, None, {}, {})", op.in(0),
                     op.in(1), op.in(2), packed, op.in(4), op.ints_constant({0}), output(op),
                     activation(op)),
         DataType::kFloat32);
}

// As the library's quantised type, with the channels last in the shape too, which makes that a copy
// of memory as it lies.
std::string typed(Operation& op, size_t index, const std::string& prefix, bool is_image) {
  const std::string x =
      is_image ? fmt::format("{}.contiguous({}).permute([0, 2, 3, 1])", op.in(index), kChannelsLast)
               : op.in(index);
  return op.let(
      fmt::format("torch._make_per_tensor_quantized_tensor({}, {})", x, affine(op, prefix)));
}

// Not onednn.qadd, which is wrong where a zero point isn't 0 (library 2.15.0).
void emit_add(Operation& op) {
  const bool relu = op.node.text("activation", "none") == "relu";
  const bool is_image = op.known_rank(0) == 4;
  const std::string a = typed(op, 0, "a_", is_image), b = typed(op, 1, "b_", is_image);
  give(op, fmt::format("quantized.add{}({}, {}, {}).int_repr(){}", relu ? "_relu" : "", a, b,
                       affine(op, "y_"), is_image ? ".permute([0, 3, 1, 2])" : ""));
}

void emit_int8_quantize(Operation& op) {
  op.out(fmt::format("torch.quantize_per_tensor({}, {}, {}).int_repr()", op.in(0), affine(op, ""),
                     kQuint8),
         DataType::kUint8);
}

void emit_int8_dequantize(Operation& op) {
  op.out(fmt::format("torch.mul(torch.sub({}, {}), {})", op.in(0),
                     number(static_cast<double>(op.node.integer("zero_point", 0))),
                     number(op.node.number("scale", 1))),
         DataType::kFloat32);
}

}  // namespace

Operators int8_operators() {
  Operators table;
  table["onednn.Conv"] = emit_int8_conv;
  table["onednn.Linear"] = emit_linear;
  table["onednn.DynamicLinear"] = emit_dynamic_linear;
  table["onednn.Add"] = emit_add;
  table["onednn.Quantize"] = emit_int8_quantize;
  table["onednn.Dequantize"] = emit_int8_dequantize;
  return table;
}

}  // namespace dnnbench::pytorch
