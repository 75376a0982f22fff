// Pooling.
#include <fmt/format.h>

#include <algorithm>

#include "operators.h"
#include "windows.h"

namespace dnnbench::pytorch {
namespace {

// Of a pool, whose sizes must be known.
Windows read_pool(Operation& op) {
  const Windows windows = read_windows(op, {});
  op.require(windows.dimensions() <= 3, "other than one to three spatial dimensions");
  op.require(windows.is_known(), "the size of its input is not known");
  return windows;
}

// Whether the library's own padding, alike on both sides and at most half a kernel, gives the same
// windows. It drops what does not fill a window.
bool pads_in_library(const Windows& w) {
  for (size_t i = 0; i < w.dimensions(); ++i) {
    if (w.before[i] * 2 > w.kernel[i]) return false;
    const int64_t free = w.input[i] + 2 * w.before[i] - w.span(i);
    if (free < 0 || free / w.strides[i] + 1 != w.output[i]) return false;
  }
  return true;
}

std::string padded(Operation& op, const Windows& w, const std::string& value) {
  if (!w.padded()) return op.in(0);
  return op.let(fmt::format("torch.constant_pad_nd({}, {}, {})", op.in(0),
                            list(pads_last_first(w.before, w.after)), value));
}

void emit_max_pool(Operation& op) {
  const Windows w = read_pool(op);
  const size_t count = w.dimensions();
  const bool floating = is_floating_point(op.type(0));
  op.require(floating || bit_width(op.type(0)) == 8, "integers of more than 8 bits");
  std::string x = floating ? op.in(0) : op.let(op.in(0) + ".to(6)");  // exact for 8 bits
  Shape pads = w.before, offset(count, 0), sizes = w.input;
  if (!pads_in_library(w)) {
    x = op.let(fmt::format("torch.constant_pad_nd({}, {}, float(\"-inf\"))", x,
                           list(pads_last_first(w.before, w.after))));
    pads.assign(count, 0);
    offset = w.before;
    for (size_t i = 0; i < count; ++i) sizes[i] += w.before[i] + w.after[i];
  }
  const std::string arguments = fmt::format("{}, {}, {}, {}, {}, False", x, list(w.kernel),
                                            list(w.strides), list(pads), list(w.dilations));
  const auto typed = [&](const std::string& y) {
    return floating ? y : y + fmt::format(".to({})", dtype(op.type(0)));
  };
  if (!op.wants(1)) return op.out(typed(fmt::format("torch.max_pool{}d({})", count, arguments)));
  const std::string y = op.emitter().new_name(), indices = op.emitter().new_name();
  op.line(fmt::format("{}, {} = torch.max_pool{}d_with_indices({})", y, indices, count, arguments));
  op.out(0, typed(y));
  op.out(1,
         op.call("max_pool_indices", {indices, list(sizes), list(offset), list(w.input),
                                      truth(op.node.integer("storage_order", 0) == 1)}),
         DataType::kInt64);
}

// Sums over windows that lie within a padded input, divided by what ONNX counts.
void emit_average_pool(Operation& op) {
  const Windows w = read_pool(op);
  const bool counts_padding = op.node.integer("count_include_pad", 0) != 0;
  // The library's padding after the input may cover what ceil_mode adds, and would count it.
  const bool counts_extra = counts_padding && std::any_of(w.ceil_extra.begin(), w.ceil_extra.end(),
                                                          [](int64_t extra) { return extra > 0; });
  if (!w.dilated() && !counts_extra && pads_in_library(w)) {
    op.out(fmt::format("torch.avg_pool{}d({}, {}, {}, {}, False, {})", w.dimensions(), op.in(0),
                       list(w.kernel), list(w.strides), list(w.before), truth(counts_padding)));
    return;
  }
  Tensor counts = make_tensor(op.type(0), w.output);
  from_doubles(semantics::window_counts(w, counts_padding), counts);
  op.out(fmt::format("{} / {}",
                     op.call("sum_of_windows", {padded(op, w, "0.0"), list(w.kernel),
                                                list(w.strides), list(w.dilations)}),
                     op.constant(std::move(counts))));
}

void emit_lp_pool(Operation& op) {
  const Windows w = read_pool(op);
  op.out(op.call("power_mean_of_windows",
                 {padded(op, w, "0.0"), number(static_cast<double>(op.node.integer("p", 2))),
                  list(w.kernel), list(w.strides), list(w.dilations)}));
}

std::string spatial_axes(Operation& op) {
  Shape axes;
  for (int64_t i = 2; i < op.rank(0); ++i) axes.push_back(i);
  return list(axes);
}

void emit_global_average_pool(Operation& op) {
  if (op.rank(0) == 4)
    return op.out(fmt::format("torch.adaptive_avg_pool2d({}, [1, 1])", op.in(0)));
  op.out(fmt::format("torch.mean({}, {}, True)", op.in(0), spatial_axes(op)));
}

void emit_global_max_pool(Operation& op) {
  op.out(fmt::format("torch.amax({}, {}, True)", op.in(0), spatial_axes(op)));
}

void emit_global_lp_pool(Operation& op) {
  const std::string p = number(static_cast<double>(op.node.integer("p", 2)));
  op.out(fmt::format("torch.pow(torch.sum(torch.pow(torch.abs({}), {}), {}, True), 1.0 / {})",
                     op.in(0), p, spatial_axes(op), p));
}

// Values go to the places that MaxPool's indices name.
void emit_max_unpool(Operation& op) {
  const auto wanted = op.integers(2);
  op.require(!op.has(2) || wanted.has_value(), "an output shape that is not constant");
  Shape spatial;
  for (int64_t i = 2; i < op.rank(0); ++i) spatial.push_back(op.size(0, i));
  const Shape indexed = semantics::unpooled_sizes(op.node, spatial);
  const Shape sizes = wanted ? Shape(wanted->begin() + 2, wanted->end()) : indexed;
  op.out(op.call("max_unpool", {op.in(0), op.in(1), list(indexed), list(sizes)}));
}

}  // namespace

Operators pooling_operators() {
  Operators table;
  table["MaxPool"] = emit_max_pool;
  table["AveragePool"] = emit_average_pool;
  table["LpPool"] = emit_lp_pool;
  table["GlobalAveragePool"] = emit_global_average_pool;
  table["GlobalMaxPool"] = emit_global_max_pool;
  table["GlobalLpPool"] = emit_global_lp_pool;
  table["MaxUnpool"] = emit_max_unpool;
  return table;
}

}  // namespace dnnbench::pytorch
