// Convolutions.
#include <fmt/format.h>

#include <algorithm>

#include "operators.h"
#include "windows.h"

namespace dnnbench::pytorch {
namespace {

void emit_conv(Operation& op) {
  const Windows windows = read_windows(op, kernel_of_weights(op, 1));
  op.out(emit_convolution(op, windows, op.in(0), op.in(1), op.in_or(2, "None")));
}

// Integers have no kernel in the library but the slow one; doubles hold products of 8-bit integers
// exactly, as does float32 while the sums stay below 2^24.
void emit_conv_integer(Operation& op) {
  const Windows windows = read_windows(op, kernel_of_weights(op, 1));
  const auto centred = [&](size_t index, size_t zero_point) {
    std::string x = op.in(index) + ".to(7)";
    if (!op.has(zero_point)) return x;
    std::string zero = op.in(zero_point) + ".to(7)";
    const auto rank = op.known_rank(zero_point);
    if (index == 1 && rank && *rank == 1) {
      zero += fmt::format(".reshape({})", list([&] {
                            Shape shape(static_cast<size_t>(op.rank(1)), 1);
                            shape[0] = -1;
                            return shape;
                          }()));
    }
    return op.let(x + " - " + zero);
  };
  const std::string x = op.let(centred(0, 2)), w = op.let(centred(1, 3));
  op.out(fmt::format("{}.to(3)", emit_convolution(op, windows, x, w, "None")), DataType::kInt32);
}

// What the library pads alike on both sides is cut or added after it.
void emit_conv_transpose(Operation& op) {
  const semantics::TransposedWindows w =
      semantics::read_transposed_windows(op.node, spatial_sizes(op, 0), kernel_of_weights(op, 1));
  const size_t count = w.dimensions();
  op.require(count <= 3, "more than three spatial dimensions");
  const auto write = [&](const std::string& bias, const Shape& pads, const Shape& output_padding) {
    return fmt::format("torch.conv_transpose{}d({}, {}, {}, {}, {}, {}, {}, {})", count, op.in(0),
                       op.in(1), bias, list(w.strides), list(pads), list(output_padding),
                       op.node.integer("group", 1), list(w.dilations));
  };
  bool in_library = w.before == w.after;
  for (size_t i = 0; i < count; ++i) {
    in_library = in_library && w.before[i] >= 0 &&
                 w.output_padding[i] < std::max(w.strides[i], w.dilations[i]);
  }
  if (in_library) return op.out(write(op.in_or(2, "None"), w.before, w.output_padding));
  Shape before(count), after(count);
  for (size_t i = 0; i < count; ++i) {
    before[i] = -w.before[i];
    after[i] = w.output_padding[i] - w.after[i];
  }
  const std::string whole = op.let(write("None", Shape(count, 0), Shape(count, 0)));
  const std::string y = op.let(
      fmt::format("torch.constant_pad_nd({}, {})", whole, list(pads_last_first(before, after))));
  if (!op.has(2)) return op.out(y);
  Shape bias(count + 1, 1);
  bias[0] = -1;
  op.out(fmt::format("{} + {}.reshape({})", y, op.in(2), list(bias)));
}

}  // namespace

Operators convolution_operators() {
  Operators table;
  table["Conv"] = emit_conv;
  table["ConvInteger"] = emit_conv_integer;
  table["ConvTranspose"] = emit_conv_transpose;
  return table;
}

}  // namespace dnnbench::pytorch
