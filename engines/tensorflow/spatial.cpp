#include "spatial.h"

#include <algorithm>

#include "core/error.h"

namespace dnnbench::tf {

bool Windows::padded() const {
  const auto some = [](int64_t size) { return size != 0; };
  return std::any_of(before.begin(), before.end(), some) ||
         std::any_of(after.begin(), after.end(), some);
}

bool Windows::dilated() const {
  return std::any_of(dilations.begin(), dilations.end(), [](int64_t size) { return size != 1; });
}

Windows read_windows(const Operation& n, const Shape& input, const Shape& kernel) {
  const size_t count = kernel.size();
  Windows w{input,
            kernel,
            n.node.integers("strides", Shape(count, 1)),
            n.node.integers("dilations", Shape(count, 1)),
            Shape(count, 0),
            Shape(count, 0),
            Shape(count, 0)};
  const std::string automatic = n.node.text("auto_pad", "NOTSET");
  const Shape pads = n.node.integers("pads", Shape(2 * count, 0));
  const bool ceil = n.integer("ceil_mode", 0) != 0;
  if (input.size() != count || w.strides.size() != count || w.dilations.size() != count ||
      pads.size() != 2 * count) {
    throw Unsupported("its kernel, strides, dilations and pads do not fit its input");
  }
  for (size_t i = 0; i < count; ++i) {
    const int64_t stride = w.strides[i];
    if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
      w.output[i] = (input[i] + stride - 1) / stride;
      const int64_t total = std::max<int64_t>(0, (w.output[i] - 1) * stride + w.span(i) - input[i]);
      w.before[i] = automatic == "SAME_UPPER" ? total / 2 : total - total / 2;
      w.after[i] = total - w.before[i];
      continue;
    }
    if (automatic != "VALID") w.before[i] = pads[i], w.after[i] = pads[i + count];
    const int64_t free = input[i] + w.before[i] + w.after[i] - w.span(i);
    if (free < 0) throw Unsupported("its kernel is larger than its padded input");
    w.output[i] = free / stride + 1;
    if (ceil && free % stride != 0 && w.output[i] * stride < input[i] + w.before[i]) {
      w.after[i] += stride - free % stride;
      ++w.output[i];
    }
  }
  return w;
}

bool is_same_padding(const Windows& w) {
  for (size_t i = 0; i < w.dimensions(); ++i) {
    const int64_t output = (w.input[i] + w.strides[i] - 1) / w.strides[i];
    const int64_t total =
        std::max<int64_t>(0, (output - 1) * w.strides[i] + w.span(i) - w.input[i]);
    if (w.output[i] != output || w.before[i] != total / 2 || w.after[i] != total - total / 2) {
      return false;
    }
  }
  return true;
}

Out pad_spatial(Graph& g, Out x, const Windows& w, double value) {
  if (!w.padded()) return x;
  std::vector<int64_t> paddings{0, 0};
  for (size_t i = 0; i < w.dimensions(); ++i) {
    paddings.push_back(w.before[i]);
    paddings.push_back(w.after[i]);
  }
  paddings.insert(paddings.end(), {0, 0});
  const Out table = g.reshape(g.ints(paddings), Shape{-1, 2});
  if (value == 0) return g.call("Pad", {x, table});
  return g.call("PadV2", {x, table, g.scalar_like(x, value)});
}

std::vector<int64_t> channels_last_list(const Shape& spatial) {
  std::vector<int64_t> list{1};
  list.insert(list.end(), spatial.begin(), spatial.end());
  list.push_back(1);
  return list;
}

Out extract_windows(Graph& g, Out x, const Windows& w, double value) {
  x = pad_spatial(g, x, w, value);
  for (size_t i = 0; i < w.dimensions(); ++i) {
    std::vector<int64_t> places;
    for (int64_t window = 0; window < w.output[i]; ++window) {
      for (int64_t place = 0; place < w.kernel[i]; ++place) {
        places.push_back(window * w.strides[i] + place * w.dilations[i]);
      }
    }
    const Out table = g.reshape(g.ints(places), Shape{w.output[i], w.kernel[i]});
    x = g.gather(x, table, static_cast<int64_t>(1 + 2 * i));
  }
  return x;
}

std::vector<int64_t> window_positions(const Windows& w, bool column_major) {
  const size_t count = w.dimensions();
  std::vector<int64_t> table;
  Shape window(count, 0), place(count, 0);
  const auto next = [&](Shape& index, const Shape& limits) {
    for (size_t i = count; i-- > 0;) {
      if (++index[i] < limits[i]) return true;
      index[i] = 0;
    }
    return false;
  };
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

Shape spatial_sizes(const Operation& n, size_t input) {
  const Shape shape = n.shape(input);
  if (shape.size() < 3) throw Unsupported("its input has no spatial dimensions");
  const Shape spatial(shape.begin() + 2, shape.end());
  if (std::count(spatial.begin(), spatial.end(), -1) != 0) {
    throw Unsupported("its input's sizes are not known before it runs");
  }
  return spatial;
}

}  // namespace dnnbench::tf
