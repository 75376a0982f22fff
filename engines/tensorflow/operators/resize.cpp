// Resize and Upsample, in all their modes. Every mode works along one dimension at a time; which
// elements a result is made of, and with what weights, is semantics/resize.h's, and is constant in
// the graph. TensorFlow's own resizing is used where it does the same. Sizes that are only known
// when it runs: resize_at_run_time.cpp.
#include "resize.h"

#include "core/error.h"
#include "operators.h"

namespace dnnbench::tf {
namespace {

using semantics::AxisWeights;
using semantics::ResizedAxis;
using semantics::ResizeMode;

// Values along the dimension `place` of x.
Out along(Graph& g, Out x, TF_DataType type, const std::vector<double>& values, int64_t place) {
  Shape shape(g.rank(x), 1);
  shape[static_cast<size_t>(place)] = static_cast<int64_t>(values.size());
  return g.floats(type, shape, values);
}

// The result along one dimension of a tensor stored with it as `place`.
Out resize_along(Graph& g, Out x, const AxisWeights& weights, const ResizeMode& mode,
                 int64_t place) {
  if (mode.interpolation == "nearest") return g.gather(x, g.ints(weights.indices), place);
  // A few elements each, weighted: gathered and added.
  std::optional<Out> sum;
  for (int64_t tap = 0; tap < weights.taps; ++tap) {
    const Out part = g.mul(g.gather(x, g.ints(weights.indices_of(tap)), place),
                           along(g, x, Graph::type(x), weights.weights_of(tap), place));
    sum = sum ? g.add(*sum, part) : part;
  }
  return *sum;
}

// Places of the result that lie outside the region get the extrapolation value.
Out extrapolate(Graph& g, Out y, const AxisWeights& weights, const ResizeMode& mode,
                int64_t place) {
  if (!weights.any_outside()) return y;
  const std::vector<double> outside(weights.outside.begin(), weights.outside.end());
  return g.select(along(g, y, TF_BOOL, outside, place), g.scalar_like(y, mode.extrapolation_value),
                  y);
}

// TensorFlow's bilinear resizing does the same: height and width, channels last.
bool is_bilinear(const std::vector<ResizedAxis>& axes, const ResizeMode& mode, TF_DataType type) {
  if (axes.size() != 4 || mode.interpolation != "linear" || mode.antialias ||
      mode.exclude_outside || type != TF_FLOAT || !axes[0].unchanged() || !axes[1].unchanged()) {
    return false;
  }
  for (size_t i = 2; i < 4; ++i) {
    const ResizedAxis& axis = axes[i];
    const float exact = static_cast<float>(axis.size_out) / static_cast<float>(axis.size_in);
    if (axis.size_in < 0 || axis.scale != exact || axis.size_out < 2) return false;
  }
  return mode.coordinates == "half_pixel" || mode.coordinates == "pytorch_half_pixel" ||
         mode.coordinates == "align_corners" || mode.coordinates == "asymmetric";
}

Out resize_bilinear(Graph& g, Out x, const std::vector<ResizedAxis>& axes,
                    const std::string& coordinates) {
  return g.call(
      "ResizeBilinear", {x, g.ints({axes[2].size_out, axes[3].size_out})},
      {{"align_corners", coordinates == "align_corners"},
       {"half_pixel_centers", coordinates == "half_pixel" || coordinates == "pytorch_half_pixel"}});
}

// In f32 where the type has no fractions.
Out as_floating(Graph& g, Out x) { return is_floating(Graph::type(x)) ? x : g.cast(x, TF_FLOAT); }

// Back to that type, cut, within what it holds.
Out from_floating(Graph& g, Out x, TF_DataType type) {
  if (Graph::type(x) == type) return x;
  if (type == TF_UINT8) x = g.minimum(g.maximum(x, g.scalar(TF_FLOAT, 0)), g.scalar(TF_FLOAT, 255));
  if (type == TF_INT8)
    x = g.minimum(g.maximum(x, g.scalar(TF_FLOAT, -128)), g.scalar(TF_FLOAT, 127));
  return g.cast(x, type);
}

void resize(const Operation& op, const ResizeMode& mode, const std::vector<ResizedAxis>& axes) {
  Graph& g = op.g;
  const size_t rank = axes.size();
  const Permutation order = rank == 4 || rank == 5 ? channels_last(rank) : op.order(0);
  const TF_DataType type = op.type(0);
  Out x = op.in(0, order);
  if (is_bilinear(axes, mode, type)) {
    return op.out(resize_bilinear(g, x, axes, mode.coordinates), order);
  }
  const bool nearest = mode.interpolation == "nearest";
  if (!nearest) x = as_floating(g, x);
  for (size_t i = 0; i < rank; ++i) {
    if (axes[i].unchanged()) continue;
    const int64_t place = Operation::stored(order, static_cast<int64_t>(i));
    const AxisWeights weights = semantics::axis_weights(mode, axes[i]);
    x = extrapolate(g, resize_along(g, x, weights, mode, place), weights, mode, place);
  }
  op.out(nearest ? x : from_floating(g, x, type), order);
}

// An input's numbers, none where there is no such input; nullopt where they are not constant.
std::optional<std::vector<double>> numbers(const Operation& op, std::optional<size_t> index) {
  if (!index) return std::vector<double>{};
  const import::Constant* known = op.constant(*index);
  return known == nullptr ? std::nullopt : std::optional(known->doubles());
}

void emit_resize(const Operation& op) {
  const ResizeMode mode = semantics::read_resize_mode(op.node);
  const semantics::ResizeInputs inputs = semantics::resize_inputs(op.node);
  const std::vector<double> attribute = semantics::attribute_scales(op.node);
  const auto scales = attribute.empty() ? numbers(op, inputs.scales) : attribute;
  const auto sizes = numbers(op, inputs.sizes);
  const auto roi = mode.crops() ? numbers(op, inputs.roi) : std::vector<double>{};
  std::optional<std::vector<ResizedAxis>> axes;
  if (scales && sizes && roi) {
    axes = semantics::resize_axes(op.node, mode, op.shape(0),
                                  {*scales, {sizes->begin(), sizes->end()}, *roi});
  }
  if (!is_floating(op.type(0))) semantics::require_same_integers(mode, axes);
  if (!axes) return resize_at_run_time(op, mode);
  resize(op, mode, *axes);
}

}  // namespace

Operators resize_operators() {
  return {
      {"Resize", emit_resize},
      {"Upsample", emit_resize},
  };
}

}  // namespace dnnbench::tf
