// Pooling.
#include <fmt/format.h>

#include <algorithm>

#include "operators.h"
#include "windows.h"

namespace dnnbench::pytorch {
namespace {

struct Pooling {
  Window window;
  Shape sizes_in;
  Shape sizes_out;
};

// Output sizes as ONNX defines them: a window that starts in the padding behind the input is
// dropped, as the library does too (https://onnx.ai/onnx/operators/onnx__MaxPool.html).
Pooling read_pooling(Operation& op) {
  Pooling pooling{read_window(op, {}), {}, {}};
  const Window& window = pooling.window;
  const bool ceil = op.node.integer("ceil_mode", 0) != 0;
  op.require(!window.kernel.empty() && window.kernel.size() <= 3,
             "other than one to three spatial dimensions");
  for (size_t i = 0; i < window.kernel.size(); ++i) {
    const int64_t in = op.size(0, static_cast<int64_t>(i) + 2);
    const int64_t extent = (window.kernel[i] - 1) * window.dilations[i] + 1;
    const int64_t span = in + window.begin[i] + window.end[i] - extent;
    int64_t out = span / window.strides[i] + 1;
    if (ceil && span % window.strides[i] != 0 && out * window.strides[i] < in + window.begin[i]) {
      ++out;
    }
    pooling.sizes_in.push_back(in);
    pooling.sizes_out.push_back(out);
  }
  return pooling;
}

// Padding by which every window lies within the padded input: the library's own bounds on padding
// and its rounding don't matter then.
Window covering(const Pooling& pooling) {
  Window window = pooling.window;
  for (size_t i = 0; i < window.kernel.size(); ++i) {
    const int64_t extent = (window.kernel[i] - 1) * window.dilations[i] + 1;
    window.end[i] = (pooling.sizes_out[i] - 1) * window.strides[i] + extent - pooling.sizes_in[i] -
                    window.begin[i];
  }
  return window;
}

bool within_library_bounds(const Pooling& pooling) {
  const Window& window = pooling.window;
  for (size_t i = 0; i < window.kernel.size(); ++i) {
    if (window.begin[i] * 2 > window.kernel[i]) return false;
  }
  const Window all = covering(pooling);
  for (size_t i = 0; i < window.kernel.size(); ++i) {
    // Without its ceil mode the library drops what does not fill a window.
    const int64_t extent = (window.kernel[i] - 1) * window.dilations[i] + 1;
    const int64_t out =
        (pooling.sizes_in[i] + 2 * window.begin[i] - extent) / window.strides[i] + 1;
    if (out != pooling.sizes_out[i]) return false;
  }
  return all.begin == window.begin;
}

void write_max_pool(Operation& op) {
  const Pooling pooling = read_pooling(op);
  const Window& window = pooling.window;
  const size_t count = window.kernel.size();
  const bool floating = is_floating_point(op.type(0));
  std::string x = op.in(0);
  if (!floating) x = op.let(x + ".to(6)");  // exact for 8 bits
  op.require(floating || bit_width(op.type(0)) == 8, "integers of more than 8 bits");
  Shape pads = window.begin;
  Shape offset(count, 0);
  Shape sizes = pooling.sizes_in;
  if (!within_library_bounds(pooling)) {
    const Window all = covering(pooling);
    x = op.let(fmt::format("torch.constant_pad_nd({}, {}, float(\"-inf\"))", x,
                           list(pads_last_first(all))));
    pads.assign(count, 0);
    for (size_t i = 0; i < count; ++i) {
      offset[i] = all.begin[i];
      sizes[i] = pooling.sizes_in[i] + all.begin[i] + all.end[i];
    }
  }
  const std::string arguments =
      fmt::format("{}, {}, {}, {}, {}, False", x, list(window.kernel), list(window.strides),
                  list(pads), list(window.dilations));
  const auto typed = [&](const std::string& y) {
    return floating ? y : y + fmt::format(".to({})", dtype(op.type(0)));
  };
  if (!op.wants(1)) {
    return op.out(typed(fmt::format("torch.max_pool{}d({})", count, arguments)));
  }
  std::string pooled = x;
  const std::string y = op.emitter().new_name(), indices = op.emitter().new_name();
  if (count == 1) {
    // There is no one-dimensional form with indices but this one.
    op.line(fmt::format("{}, {} = torch.max_pool1d_with_indices({})", y, indices, arguments));
  } else {
    op.line(
        fmt::format("{}, {} = torch.max_pool{}d_with_indices({})", y, indices, count, arguments));
  }
  op.out(0, typed(y));
  op.out(1,
         op.call("max_pool_indices", {indices, list(sizes), list(offset), list(pooling.sizes_in),
                                      truth(op.node.integer("storage_order", 0) == 1)}),
         DataType::kInt64);
}

// Sums over windows by the library's mean over windows that lie within a padded input, divided by
// what ONNX counts.
void write_average_pool(Operation& op) {
  const Pooling pooling = read_pooling(op);
  const Window& window = pooling.window;
  const size_t count = window.kernel.size();
  const bool counts_padding = op.node.integer("count_include_pad", 0) != 0;
  const bool dilated = std::any_of(window.dilations.begin(), window.dilations.end(),
                                   [](int64_t dilation) { return dilation != 1; });
  if (!dilated && within_library_bounds(pooling)) {
    op.out(fmt::format("torch.avg_pool{}d({}, {}, {}, {}, False, {})", count, op.in(0),
                       list(window.kernel), list(window.strides), list(window.begin),
                       truth(counts_padding)));
    return;
  }
  const Window all = covering(pooling);
  // Where the padding ends for count_include_pad: what ceil mode adds does not count.
  Window counted = window;
  Window rest = all;
  for (size_t i = 0; i < count; ++i) {
    rest.begin[i] = 0;
    rest.end[i] = all.end[i] - window.end[i];
    if (!counts_padding) counted.begin[i] = counted.end[i] = 0;
  }
  const std::string ones = fmt::format("torch.ones_like({}[0:1, 0:1])", op.in(0));
  const auto pad = [](const std::string& x, const Window& by, const char* value) {
    return fmt::format("torch.constant_pad_nd({}, {}, {})", x, list(pads_last_first(by)), value);
  };
  std::string weights;
  if (counts_padding) {
    weights = pad(pad(ones, window, "1.0"), rest, "0.0");
  } else {
    weights = pad(ones, all, "0.0");
  }
  op.out(op.call("average_of_windows",
                 {op.let(pad(op.in(0), all, "0.0")), op.let(weights), list(window.kernel),
                  list(window.strides), list(window.dilations)}));
}

void write_lp_pool(Operation& op) {
  const Pooling pooling = read_pooling(op);
  const Window all = covering(pooling);
  const double p =
      op.node.opset < 2 ? op.node.number("p", 2) : static_cast<double>(op.node.integer("p", 2));
  const std::string padded =
      op.let(fmt::format("torch.constant_pad_nd({}, {})", op.in(0), list(pads_last_first(all))));
  op.out(op.call("power_mean_of_windows",
                 {padded, number(p), list(all.kernel), list(all.strides), list(all.dilations)}));
}

std::string spatial_axes(Operation& op) {
  Shape axes;
  for (int64_t i = 2; i < op.rank(0); ++i) axes.push_back(i);
  return list(axes);
}

void write_global_average_pool(Operation& op) {
  if (op.rank(0) == 4)
    return op.out(fmt::format("torch.adaptive_avg_pool2d({}, [1, 1])", op.in(0)));
  op.out(fmt::format("torch.mean({}, {}, True)", op.in(0), spatial_axes(op)));
}

void write_global_max_pool(Operation& op) {
  op.out(fmt::format("torch.amax({}, {}, True)", op.in(0), spatial_axes(op)));
}

void write_global_lp_pool(Operation& op) {
  const std::string p = number(static_cast<double>(op.node.integer("p", 2)));
  op.out(fmt::format("torch.pow(torch.sum(torch.pow(torch.abs({}), {}), {}, True), 1.0 / {})",
                     op.in(0), p, spatial_axes(op), p));
}

// Values go to the places that MaxPool's indices name.
void write_max_unpool(Operation& op) {
  const Window window = read_window(op, {});
  Shape sizes;
  const auto wanted = op.integers(2);
  op.require(!op.has(2) || wanted.has_value(), "an output shape that is not constant");
  Shape indexed;  // the shape that the indices count in
  for (size_t i = 0; i < window.kernel.size(); ++i) {
    const int64_t in = op.size(0, static_cast<int64_t>(i) + 2);
    indexed.push_back((in - 1) * window.strides[i] - window.begin[i] - window.end[i] +
                      (window.kernel[i] - 1) * window.dilations[i] + 1);
  }
  sizes = wanted ? Shape(wanted->begin() + 2, wanted->end()) : indexed;
  op.out(op.call("max_unpool", {op.in(0), op.in(1), list(indexed), list(sizes)}));
}

}  // namespace

void add_pooling(Operators& table) {
  table["MaxPool"] = write_max_pool;
  table["AveragePool"] = write_average_pool;
  table["LpPool"] = write_lp_pool;
  table["GlobalAveragePool"] = write_global_average_pool;
  table["GlobalMaxPool"] = write_global_max_pool;
  table["GlobalLpPool"] = write_global_lp_pool;
  table["MaxUnpool"] = write_max_unpool;
}

}  // namespace dnnbench::pytorch
