#include "spatial.h"

#include <algorithm>

#include "core/error.h"

namespace dnnbench::tf {

Shape spatial_sizes(const Operation& op, size_t input) {
  const Shape shape = op.shape(input);
  if (shape.size() < 3) throw Unsupported("its input has no spatial dimensions");
  const Shape spatial(shape.begin() + 2, shape.end());
  if (std::count(spatial.begin(), spatial.end(), -1) != 0) {
    throw Unsupported("its input's sizes are not known before it runs");
  }
  return spatial;
}

Windows read_windows(const Operation& op, const Shape& kernel) {
  return semantics::read_windows(op.node, spatial_sizes(op, 0), kernel);
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

}  // namespace dnnbench::tf
