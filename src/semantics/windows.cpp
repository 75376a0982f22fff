#include "semantics/windows.h"

#include <algorithm>

#include "core/error.h"

namespace dnnbench::semantics {
namespace {

constexpr int64_t kUnknown = -1;

int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

enum class AutoPad { kNone, kSameUpper, kSameLower, kValid };

AutoPad read_auto_pad(const import::Node& node) {
  const std::string text = node.text("auto_pad", "NOTSET");
  if (text == "NOTSET" || text.empty()) return AutoPad::kNone;
  if (text == "SAME_UPPER") return AutoPad::kSameUpper;
  if (text == "SAME_LOWER") return AutoPad::kSameLower;
  if (text == "VALID") return AutoPad::kValid;
  throw Unsupported("it has the auto_pad " + text);
}

bool is_same(AutoPad automatic) {
  return automatic == AutoPad::kSameUpper || automatic == AutoPad::kSameLower;
}

bool is_positive(const Shape& list) {
  return std::all_of(list.begin(), list.end(), [](int64_t size) { return size > 0; });
}

// What the two forms share; pads as the attribute has them.
struct WindowAttributes {
  Shape kernel, strides, dilations, before, after;
  AutoPad automatic;
};

WindowAttributes read_window_attributes(const import::Node& node, const Shape& input,
                                        const Shape& kernel) {
  WindowAttributes a;
  a.kernel = node.integers("kernel_shape", kernel);
  const size_t count = a.kernel.size();
  a.strides = node.integers("strides", Shape(count, 1));
  a.dilations = node.integers("dilations", Shape(count, 1));
  a.automatic = read_auto_pad(node);
  Shape pads = node.integers("pads", Shape(2 * count, 0));
  if (count == 0 || input.size() != count || a.strides.size() != count ||
      a.dilations.size() != count || pads.size() != 2 * count || !is_positive(a.strides) ||
      !is_positive(a.dilations) || !is_positive(a.kernel)) {
    throw Unsupported("its kernel, strides, dilations and pads do not fit its input");
  }
  if (a.automatic != AutoPad::kNone) pads.assign(2 * count, 0);
  a.before.assign(pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(count));
  a.after.assign(pads.begin() + static_cast<std::ptrdiff_t>(count), pads.end());
  return a;
}

// Padding with which the output is the input divided by the stride, rounded up.
void pad_to_same(Windows& w, size_t i, bool upper) {
  const int64_t in = w.input[i], stride = w.strides[i];
  if (in == kUnknown && stride != 1) {
    throw Unsupported("its auto_pad needs sizes that are not known before it runs");
  }
  w.output[i] = in == kUnknown ? kUnknown : (in + stride - 1) / stride;
  // With a stride of 1 the input's size does not matter.
  const int64_t wanted =
      in == kUnknown ? w.span(i) - 1 : (w.output[i] - 1) * stride + w.span(i) - in;
  const int64_t total = std::max<int64_t>(0, wanted);
  w.before[i] = upper ? total / 2 : total - total / 2;
  w.after[i] = total - w.before[i];
}

void count_windows(Windows& w, size_t i, bool ceil) {
  if (w.input[i] == kUnknown) return;
  const int64_t stride = w.strides[i];
  const int64_t free = w.input[i] + w.before[i] + w.after[i] - w.span(i);
  w.output[i] = floor_div(free, stride) + 1;
  const int64_t rest = free - floor_div(free, stride) * stride;
  // A window must begin in the input or in the padding before it.
  if (ceil && rest != 0 && w.output[i] * stride < w.input[i] + w.before[i]) {
    w.ceil_extra[i] = stride - rest;
    w.after[i] += w.ceil_extra[i];
    ++w.output[i];
  }
  if (w.output[i] <= 0) throw Unsupported("its kernel is larger than its padded input");
}

// Counts `index` up, the last dimension fastest; false after the last one.
bool next(Shape& index, const Shape& limits) {
  for (size_t i = index.size(); i-- > 0;) {
    if (++index[i] < limits[i]) return true;
    index[i] = 0;
  }
  return false;
}

}  // namespace

bool Windows::padded() const {
  const auto some = [](int64_t size) { return size != 0; };
  return std::any_of(before.begin(), before.end(), some) ||
         std::any_of(after.begin(), after.end(), some);
}

bool Windows::dilated() const {
  return std::any_of(dilations.begin(), dilations.end(), [](int64_t size) { return size != 1; });
}

bool Windows::is_known() const { return std::count(input.begin(), input.end(), kUnknown) == 0; }

Windows read_windows(const import::Node& node, const Shape& input, const Shape& kernel) {
  const WindowAttributes a = read_window_attributes(node, input, kernel);
  const size_t count = a.kernel.size();
  Windows w{input,    a.kernel, a.strides,       a.dilations,
            a.before, a.after,  Shape(count, 0), Shape(count, kUnknown)};
  for (const Shape* pads : {&w.before, &w.after}) {
    if (std::any_of(pads->begin(), pads->end(), [](int64_t pad) { return pad < 0; })) {
      throw Unsupported("it has negative pads");
    }
  }
  const bool ceil = node.integer("ceil_mode", 0) != 0;
  for (size_t i = 0; i < count; ++i) {
    if (is_same(a.automatic)) {
      pad_to_same(w, i, a.automatic == AutoPad::kSameUpper);
    } else {
      count_windows(w, i, ceil);
    }
  }
  return w;
}

std::vector<double> window_counts(const Windows& w, bool counts_padding) {
  std::vector<double> table{1};
  for (size_t i = 0; i < w.dimensions(); ++i) {
    const int64_t low = counts_padding ? -w.before[i] : 0;
    const int64_t high = w.input[i] + (counts_padding ? w.after[i] - w.ceil_extra[i] : 0);
    std::vector<double> product;
    for (const double outer : table) {
      for (int64_t window = 0; window < w.output[i]; ++window) {
        int64_t count = 0;
        for (int64_t place = 0; place < w.kernel[i]; ++place) {
          const int64_t at = window * w.strides[i] + place * w.dilations[i] - w.before[i];
          count += at >= low && at < high ? 1 : 0;
        }
        product.push_back(outer * static_cast<double>(count));
      }
    }
    table = std::move(product);
  }
  return table;
}

std::vector<int64_t> window_positions(const Windows& w, bool column_major) {
  const size_t count = w.dimensions();
  std::vector<int64_t> table;
  Shape window(count, 0), place(count, 0);
  do {
    do {
      int64_t position = 0;
      bool inside = true;
      for (size_t i = 0; i < count; ++i) {
        const size_t axis = column_major ? count - 1 - i : i;
        const int64_t at =
            window[axis] * w.strides[axis] + place[axis] * w.dilations[axis] - w.before[axis];
        inside = inside && at >= 0 && at < w.input[axis];
        position = position * w.input[axis] + at;
      }
      table.push_back(inside ? position : -1);
    } while (next(place, w.kernel));
  } while (next(window, w.output));
  return table;
}

TransposedWindows read_transposed_windows(const import::Node& node, const Shape& input,
                                          const Shape& kernel) {
  const WindowAttributes a = read_window_attributes(node, input, kernel);
  const size_t count = a.kernel.size();
  const Shape wanted = node.integers("output_shape");
  TransposedWindows t{input,
                      a.kernel,
                      a.strides,
                      a.dilations,
                      a.before,
                      a.after,
                      node.integers("output_padding", Shape(count, 0)),
                      Shape(count, kUnknown),
                      Shape(count, kUnknown)};
  if (t.output_padding.size() != count || (!wanted.empty() && wanted.size() < count)) {
    throw Unsupported("its output_padding or output_shape does not fit its input");
  }
  for (size_t i = 0; i < count; ++i) {
    const bool sized = !wanted.empty() || is_same(a.automatic);
    if (input[i] == kUnknown) {
      if (sized) throw Unsupported("its pads need sizes that are not known before it runs");
      continue;
    }
    t.full[i] = t.strides[i] * (input[i] - 1) + t.span(i);
    if (sized) {
      // output_shape may list batch and channels too.
      t.output[i] = wanted.empty() ? input[i] * t.strides[i] : wanted[wanted.size() - count + i];
      const int64_t total = t.full[i] + t.output_padding[i] - t.output[i];
      const int64_t half = std::max<int64_t>(0, total) / 2;
      const bool upper = a.automatic == AutoPad::kSameUpper;
      t.before[i] = upper ? half : std::max<int64_t>(0, total) - half;
      t.after[i] = total - t.before[i];
    } else {
      t.output[i] = t.full[i] + t.output_padding[i] - t.before[i] - t.after[i];
    }
    if (t.output[i] < 0) throw Unsupported("its pads cut off more than there is");
  }
  return t;
}

Shape unpooled_sizes(const import::Node& node, const Shape& input) {
  const WindowAttributes a = read_window_attributes(node, input, {});
  Shape sizes;
  for (size_t i = 0; i < input.size(); ++i) {
    sizes.push_back((input[i] - 1) * a.strides[i] + a.kernel[i] - a.before[i] - a.after[i]);
  }
  return sizes;
}

}  // namespace dnnbench::semantics
