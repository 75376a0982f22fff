// Resize and Upsample, in all their modes. Every mode works along one dimension at a time; which
// elements a result is made of, and with what weights, is computed here, as the ONNX specification
// says, and is constant in the graph. TensorFlow's own resizing is used where it does the same.
// Sizes that are only known when it runs: resize_at_run_time.cpp.
#include "resize.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "operators.h"

namespace dnnbench::tf {
namespace {

// One dimension to be resized.
struct Axis {
  int64_t input = 0;
  int64_t output = 0;
  float scale = 1;  // output per input
  float roi_start = 0;
  float roi_end = 1;
};

// Where in the input the element `at` of the result lies. In float, as ONNX Runtime computes it:
// nearest elements depend on how this rounds.
float source_of(const Axis& axis, const ResizeSettings& settings, int64_t at) {
  const auto x = static_cast<float>(at);
  const auto input = static_cast<float>(axis.input), output = static_cast<float>(axis.output);
  const float scale = axis.scale;
  const std::string& how = settings.coordinates;
  if (how == "asymmetric") return x / scale;
  if (how == "half_pixel") return (x + 0.5F) / scale - 0.5F;
  if (how == "tf_half_pixel_for_nn") return (x + 0.5F) / scale;
  if (how == "pytorch_half_pixel") return axis.output > 1 ? (x + 0.5F) / scale - 0.5F : 0;
  if (how == "align_corners") return axis.output == 1 ? 0 : x * (input - 1) / (output - 1);
  if (how == "half_pixel_symmetric") {
    // The length that the scale gives, which rounding may have made another one.
    const float adjustment = output / (scale * input);
    return input / 2 * (1 - adjustment) + (x + 0.5F) / scale - 0.5F;
  }
  if (how == "tf_crop_and_resize") {
    const float start = axis.roi_start, end = axis.roi_end;
    if (axis.output == 1) return 0.5F * (start + end) * (input - 1);
    return start * (input - 1) + x * (end - start) * (input - 1) / (output - 1);
  }
  throw Unsupported("it has the coordinate transformation " + how);
}

int64_t nearest_of(const ResizeSettings& settings, float x) {
  const std::string& how = settings.nearest;
  if (how == "floor") return static_cast<int64_t>(std::floor(x));
  if (how == "ceil") return static_cast<int64_t>(std::ceil(x));
  if (how == "round_prefer_ceil") return static_cast<int64_t>(std::floor(x + 0.5F));
  return static_cast<int64_t>(std::ceil(x - 0.5F));  // round_prefer_floor
}

double cubic_weight(double distance, double a) {
  const double d = std::fabs(distance);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  if (d < 2) return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return 0;
}

double linear_weight(double distance) { return std::max(0.0, 1 - std::fabs(distance)); }

// An element of the result along one dimension: a row of weights of the input's elements.
std::vector<double> weights_of(const Axis& axis, const ResizeSettings& settings, int64_t at) {
  std::vector<double> row(static_cast<size_t>(axis.input), 0);
  const double x = source_of(axis, settings, at);
  // Antialiasing widens the filter where the result is smaller.
  const double shrink = settings.antialias ? std::min<double>(axis.scale, 1) : 1;
  const double reach = (settings.mode == "cubic" ? 2 : 1) / shrink;
  const auto first = static_cast<int64_t>(std::floor(x - reach)) + (settings.antialias ? 0 : 1);
  const auto last =
      static_cast<int64_t>(settings.antialias ? std::ceil(x + reach) : std::floor(x + reach));
  double total = 0;
  for (int64_t i = first; i <= last; ++i) {
    const double distance = (static_cast<double>(i) - x) * shrink;
    const double weight = settings.mode == "cubic" ? cubic_weight(distance, settings.cubic_a)
                                                   : linear_weight(distance);
    const bool outside = i < 0 || i >= axis.input;
    // The edge is repeated outside, or what lies there is left out.
    if (outside && settings.exclude_outside) continue;
    row[static_cast<size_t>(std::clamp<int64_t>(i, 0, axis.input - 1))] += weight;
    total += weight;
  }
  if (total != 0) {
    for (double& weight : row) weight /= total;
  }
  return row;
}

bool lies_outside(const Axis& axis, const ResizeSettings& settings, int64_t at) {
  if (settings.coordinates != "tf_crop_and_resize") return false;
  const double x = source_of(axis, settings, at);
  return x < 0 || x > static_cast<double>(axis.input) - 1;
}

// The result along one dimension of a tensor stored with it as `place`.
Out resize_nearest(Graph& g, Out x, const Axis& axis, const ResizeSettings& settings,
                   int64_t place) {
  std::vector<int64_t> sources;
  for (int64_t at = 0; at < axis.output; ++at) {
    const int64_t source = nearest_of(settings, source_of(axis, settings, at));
    sources.push_back(std::clamp<int64_t>(source, 0, axis.input - 1));
  }
  return g.gather(x, g.ints(sources), place);
}

// A few elements each, weighted: gathered and added.
Out resize_weighted(Graph& g, Out x, const Axis& axis, const ResizeSettings& settings,
                    int64_t place) {
  std::vector<std::vector<std::pair<int64_t, double>>> rows;
  size_t most = 1;
  for (int64_t at = 0; at < axis.output; ++at) {
    const std::vector<double> weights = weights_of(axis, settings, at);
    std::vector<std::pair<int64_t, double>> row;
    for (size_t i = 0; i < weights.size(); ++i) {
      if (weights[i] != 0) row.emplace_back(static_cast<int64_t>(i), weights[i]);
    }
    most = std::max(most, row.size());
    rows.push_back(std::move(row));
  }
  const size_t rank = g.rank(x);
  Shape along(rank, 1);
  along[static_cast<size_t>(place)] = axis.output;
  std::optional<Out> sum;
  for (size_t term = 0; term < most; ++term) {
    std::vector<int64_t> sources;
    std::vector<double> weights;
    for (const auto& row : rows) {
      sources.push_back(term < row.size() ? row[term].first : 0);
      weights.push_back(term < row.size() ? row[term].second : 0);
    }
    const Out part =
        g.mul(g.gather(x, g.ints(sources), place), g.floats(Graph::type(x), along, weights));
    sum = sum ? g.add(*sum, part) : part;
  }
  return *sum;
}

// Places of the result that lie outside the region get the extrapolation value.
Out extrapolate(Graph& g, Out y, const Axis& axis, const ResizeSettings& settings, int64_t place) {
  std::vector<double> outside;
  bool any = false;
  for (int64_t at = 0; at < axis.output; ++at) {
    outside.push_back(lies_outside(axis, settings, at) ? 1 : 0);
    any = any || outside.back() != 0;
  }
  if (!any) return y;
  Shape along(g.rank(y), 1);
  along[static_cast<size_t>(place)] = axis.output;
  const Out mask = g.floats(TF_BOOL, along, outside);
  return g.select(mask, g.scalar_like(y, settings.extrapolation), y);
}

// TensorFlow's bilinear resizing does the same: height and width, channels last.
bool is_bilinear(const std::vector<Axis>& axes, const ResizeSettings& s, TF_DataType type) {
  if (axes.size() != 4 || s.mode != "linear" || s.antialias || s.exclude_outside ||
      type != TF_FLOAT) {
    return false;
  }
  for (size_t i = 0; i < 4; ++i) {
    const Axis& axis = axes[i];
    const bool exact =
        axis.scale == static_cast<float>(axis.output) / static_cast<float>(axis.input);
    if (i < 2 ? axis.input != axis.output : !exact || axis.output < 2) return false;
  }
  return s.coordinates == "half_pixel" || s.coordinates == "pytorch_half_pixel" ||
         s.coordinates == "align_corners" || s.coordinates == "asymmetric";
}

Out resize_bilinear(Graph& g, Out x, const std::vector<Axis>& axes, const ResizeSettings& s) {
  return g.call("ResizeBilinear", {x, g.ints({axes[2].output, axes[3].output})},
                {{"align_corners", s.coordinates == "align_corners"},
                 {"half_pixel_centers",
                  s.coordinates == "half_pixel" || s.coordinates == "pytorch_half_pixel"}});
}

}  // namespace

Out as_floating(Graph& g, Out x) {
  const TF_DataType type = Graph::type(x);
  const bool floating =
      type == TF_FLOAT || type == TF_DOUBLE || type == TF_HALF || type == TF_BFLOAT16;
  return floating ? x : g.cast(x, TF_FLOAT);
}

Out from_floating(Graph& g, Out x, TF_DataType type) {
  if (Graph::type(x) == type) return x;
  x = g.compute("Round", {x});
  if (type == TF_UINT8) x = g.minimum(g.maximum(x, g.scalar(TF_FLOAT, 0)), g.scalar(TF_FLOAT, 255));
  if (type == TF_INT8)
    x = g.minimum(g.maximum(x, g.scalar(TF_FLOAT, -128)), g.scalar(TF_FLOAT, 127));
  return g.cast(x, type);
}

namespace {

void resize(const Operation& n, const std::vector<Axis>& axes, const ResizeSettings& settings) {
  Graph& g = n.g;
  const size_t rank = axes.size();
  const Permutation order = rank == 4 || rank == 5 ? channels_last(rank) : n.order(0);
  const TF_DataType type = n.type(0);
  Out x = n.in(0, order);
  if (is_bilinear(axes, settings, type)) return n.out(resize_bilinear(g, x, axes, settings), order);
  const bool nearest = settings.mode == "nearest";
  if (!nearest) x = as_floating(g, x);
  for (size_t i = 0; i < rank; ++i) {
    const Axis& axis = axes[i];
    if (axis.input == axis.output && axis.scale == 1 &&
        settings.coordinates != "tf_crop_and_resize")
      continue;
    const int64_t place = Operation::stored(order, static_cast<int64_t>(i));
    x = nearest ? resize_nearest(g, x, axis, settings, place)
                : resize_weighted(g, x, axis, settings, place);
    x = extrapolate(g, x, axis, settings, place);
  }
  n.out(nearest ? x : from_floating(g, x, type), order);
}

ResizeSettings read_settings(const Operation& n) {
  ResizeSettings s;
  s.mode = n.node.text("mode", "nearest");
  const bool old = n.node.op == "Upsample" || n.node.opset < 11;
  s.coordinates = old ? "asymmetric" : n.node.text("coordinate_transformation_mode", "half_pixel");
  s.nearest = old ? "floor" : n.node.text("nearest_mode", "round_prefer_floor");
  s.cubic_a = n.number("cubic_coeff_a", -0.75);
  s.extrapolation = n.number("extrapolation_value", 0);
  s.exclude_outside = n.integer("exclude_outside", 0) != 0;
  s.antialias = n.integer("antialias", 0) != 0;
  if (s.mode == "bilinear" || s.mode == "trilinear") s.mode = "linear";
  if (s.mode != "nearest" && s.mode != "linear" && s.mode != "cubic") {
    throw Unsupported("it has the mode " + s.mode);
  }
  return s;
}

float ratio(const Axis& axis) {
  return static_cast<float>(axis.output) / static_cast<float>(axis.input);
}

// The same factor for all dimensions that are named, so that the shape fits in or around.
void keep_aspect_ratio(std::vector<Axis>& axes, const std::vector<int64_t>& named, bool smaller) {
  float scale = 0;
  for (const int64_t i : named) {
    const float own = ratio(axes[static_cast<size_t>(i)]);
    scale = scale == 0 ? own : smaller ? std::min(scale, own) : std::max(scale, own);
  }
  for (const int64_t i : named) {
    Axis& axis = axes[static_cast<size_t>(i)];
    axis.scale = scale;
    axis.output = static_cast<int64_t>(std::round(scale * static_cast<float>(axis.input)));
  }
}

void by_scales(std::vector<Axis>& axes, const std::vector<int64_t>& named,
               const std::vector<double>& scales) {
  for (size_t i = 0; i < named.size(); ++i) {
    Axis& axis = axes[static_cast<size_t>(named[i])];
    axis.scale = static_cast<float>(scales.at(i));
    axis.output = static_cast<int64_t>(axis.scale * static_cast<float>(axis.input));
  }
}

void by_sizes(std::vector<Axis>& axes, const std::vector<int64_t>& named,
              const std::vector<int64_t>& sizes, const std::string& policy) {
  for (size_t i = 0; i < named.size(); ++i) {
    Axis& axis = axes[static_cast<size_t>(named[i])];
    axis.output = sizes.at(i);
    axis.scale = ratio(axis);
  }
  if (policy != "stretch") keep_aspect_ratio(axes, named, policy == "not_larger");
}

void emit_resize(const Operation& n) {
  const Shape shape = n.static_shape(0);
  std::vector<Axis> axes;
  for (const int64_t size : shape) axes.push_back({size, size});
  std::vector<int64_t> named = n.node.integers("axes");
  if (named.empty()) {
    named.resize(shape.size());
    std::iota(named.begin(), named.end(), 0);
  }
  for (int64_t& axis : named) axis = Operation::from_start(axis, shape.size());
  // Upsample had its scales as an attribute, Resize 10 as the second input, Resize 11 and later as
  // the third.
  const bool with_roi = n.node.op == "Resize" && n.node.opset >= 11;
  const size_t scales_input = with_roi ? 2 : 1;
  const auto has_elements = [&](size_t i) {
    const auto known = n.has(i) ? n.find_shape(i) : std::nullopt;
    return known && element_count(*known) != 0;
  };
  const ResizeSettings settings = read_settings(n);
  const bool cropped = settings.coordinates == "tf_crop_and_resize";
  const bool scaled = n.node.attribute("scales") != nullptr || has_elements(scales_input);
  const size_t sizes_input = scaled ? scales_input : 3;
  const bool known = n.node.attribute("scales") != nullptr || n.constant(sizes_input) != nullptr;
  if (!known || (cropped && n.constant(1) == nullptr)) {
    return resize_at_run_time(n, named, settings, sizes_input, scaled);
  }
  if (n.node.attribute("scales") != nullptr) {
    by_scales(axes, named, n.node.attribute("scales")->floats);
  } else if (scaled) {
    by_scales(axes, named, n.numbers(scales_input, "scales"));
  } else {
    by_sizes(axes, named, n.integers(3, "sizes"),
             n.node.text("keep_aspect_ratio_policy", "stretch"));
  }
  if (cropped) {
    const std::vector<double> roi = n.numbers(1, "regions");
    for (size_t i = 0; i < named.size(); ++i) {
      axes[static_cast<size_t>(named[i])].roi_start = static_cast<float>(roi.at(i));
      axes[static_cast<size_t>(named[i])].roi_end = static_cast<float>(roi.at(i + named.size()));
    }
  }
  resize(n, axes, settings);
}

}  // namespace

std::vector<OperatorEntry> resize_operators() {
  return {
      {"Resize", emit_resize},
      {"Upsample", emit_resize},
  };
}

}  // namespace dnnbench::tf
