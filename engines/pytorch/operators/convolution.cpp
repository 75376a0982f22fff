// Convolutions.
#include <fmt/format.h>

#include <algorithm>

#include "operators.h"
#include "windows.h"

namespace dnnbench::pytorch {
namespace {

void write_conv(Operation& op) {
  const Window window = read_window(op, kernel_of_weights(op, 1));
  op.out(write_convolution(op, window, op.in(0), op.in(1), op.in_or(2, "None")));
}

// Integers have no kernel in the library but the slow one; doubles hold products of 8-bit integers
// exactly, as does float32 while the sums stay below 2^24.
void write_conv_integer(Operation& op) {
  const Window window = read_window(op, kernel_of_weights(op, 1));
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
  op.out(fmt::format("{}.to(3)", write_convolution(op, window, x, w, "None")), DataType::kInt32);
}

// Pads of `auto_pad` and `output_shape`, which ONNX has split so that the output gets its size.
void set_transposed_pads(Operation& op, const Shape& output_padding, Window& window) {
  const size_t count = window.kernel.size();
  const Shape wanted = op.node.integers("output_shape");
  const std::string auto_pad = op.node.text("auto_pad", "NOTSET");
  if (wanted.empty() && auto_pad != "SAME_UPPER" && auto_pad != "SAME_LOWER") return;
  for (size_t i = 0; i < count; ++i) {
    const int64_t in = op.size(0, static_cast<int64_t>(i) + 2);
    const int64_t out = wanted.empty() ? in * window.strides[i] : wanted[wanted.size() - count + i];
    const int64_t total = window.strides[i] * (in - 1) + output_padding[i] +
                          (window.kernel[i] - 1) * window.dilations[i] + 1 - out;
    if (total < 0) {  // more than the kernel gives: added at the end
      window.begin[i] = 0;
      window.end[i] = total;
      continue;
    }
    const int64_t small = total / 2;
    const bool upper = auto_pad == "SAME_UPPER";
    window.begin[i] = upper ? small : total - small;
    window.end[i] = upper ? total - small : small;
  }
}

// What the library pads alike on both sides is cut or added after it.
void write_conv_transpose(Operation& op) {
  Window window = read_window(op, kernel_of_weights(op, 1));
  const size_t count = window.kernel.size();
  const Shape output_padding = op.node.integers("output_padding", Shape(count, 0));
  set_transposed_pads(op, output_padding, window);
  // Without padding and with what is to be added at the end; the rest is a crop.
  std::string y;
  const bool symmetric =
      window.begin == window.end &&
      std::all_of(window.begin.begin(), window.begin.end(), [](int64_t pad) { return pad >= 0; });
  const bool small_additions = [&] {
    for (size_t i = 0; i < count; ++i) {
      if (output_padding[i] >= std::max(window.strides[i], window.dilations[i])) return false;
    }
    return true;
  }();
  const std::string form = fmt::format("torch.conv_transpose{}d", count);
  op.require(count >= 1 && count <= 3, "more than three spatial dimensions");
  if (symmetric && small_additions) {
    op.out(fmt::format("{}({}, {}, {}, {}, {}, {}, {}, {})", form, op.in(0), op.in(1),
                       op.in_or(2, "None"), list(window.strides), list(window.begin),
                       list(output_padding), op.node.integer("group", 1), list(window.dilations)));
    return;
  }
  y = op.let(fmt::format("{}({}, {}, None, {}, {}, {}, {}, {})", form, op.in(0), op.in(1),
                         list(window.strides), list(Shape(count, 0)), list(Shape(count, 0)),
                         op.node.integer("group", 1), list(window.dilations)));
  Shape pads;
  for (size_t i = count; i-- > 0;) {
    pads.push_back(-window.begin[i]);
    pads.push_back(output_padding[i] - window.end[i]);
  }
  y = op.let(fmt::format("torch.constant_pad_nd({}, {})", y, list(pads)));
  if (!op.has(2)) return op.out(y);
  Shape bias(count + 1, 1);
  bias[0] = -1;
  op.out(fmt::format("{} + {}.reshape({})", y, op.in(2), list(bias)));
}

void write_deformable_conv(Operation& op) {
  const Window window = read_window(op, kernel_of_weights(op, 1));
  op.require(window.kernel.size() == 2, "other than two spatial dimensions");
  const std::string mask = op.in_or(4, "torch.empty([0])");
  const std::string bias = op.in_or(3, "torch.empty([0])");
  op.out(op.call("deformable_convolution",
                 {op.in(0), op.in(1), op.in(2), bias, mask, list(window.strides),
                  list({window.begin[0], window.begin[1], window.end[0], window.end[1]}),
                  list(window.dilations), std::to_string(op.node.integer("group", 1)),
                  std::to_string(op.node.integer("offset_group", 1))}));
}

// Image from columns: windows that overlap are added up.
void write_col2im(Operation& op) {
  const Window window = read_window(op, Shape(static_cast<size_t>(op.size(1, 0)), 1));
  op.out(op.call("image_from_columns",
                 {op.in(0), op.int_list(1), op.int_list(2), list(window.strides),
                  list(window.begin), list(window.end), list(window.dilations)}));
}

}  // namespace

void add_convolution(Operators& table) {
  table["Conv"] = write_conv;
  table["ConvInteger"] = write_conv_integer;
  table["ConvTranspose"] = write_conv_transpose;
  table["DeformConv"] = write_deformable_conv;
  table["Col2Im"] = write_col2im;
}

}  // namespace dnnbench::pytorch
