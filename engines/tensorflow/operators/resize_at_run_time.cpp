// Resize whose scales, sizes or regions are inputs. As resize.cpp, but which elements a result
// is made of, and with what weights, is computed in the graph.
#include "core/error.h"
#include "operators.h"
#include "resize.h"

namespace dnnbench::tf {
namespace {

using semantics::ResizeMode;

// One dimension to be resized; scalars of the graph.
struct Axis {
  Out input;   // f32
  Out last;    // f32, the last element's index
  Out output;  // int64
  Out scale;   // f32, output per input
  Out roi_start, roi_end;
};

Out single(Graph& g, double value) { return g.scalar(TF_FLOAT, value); }

// Where in the input the elements of the result lie; f32[output]. In float, as ONNX Runtime
// computes it.
Out sources_of(Graph& g, const Axis& axis, const ResizeMode& mode) {
  const std::string& how = mode.coordinates;
  const Out x = g.cast(g.range(g.long_scalar(0), axis.output, g.long_scalar(1)), TF_FLOAT);
  const Out half = single(g, 0.5), one = single(g, 1), zero = single(g, 0);
  const Out output = g.cast(axis.output, TF_FLOAT), last = axis.last;
  const Out is_one = g.equal(output, one), between = g.maximum(g.sub(output, one), one);
  const auto centred = [&] { return g.sub(g.div(g.add(x, half), axis.scale), half); };
  if (how == "asymmetric") return g.div(x, axis.scale);
  if (how == "half_pixel") return centred();
  if (how == "tf_half_pixel_for_nn") return g.div(g.add(x, half), axis.scale);
  if (how == "pytorch_half_pixel") return g.select(is_one, zero, centred());
  if (how == "align_corners") return g.select(is_one, zero, g.div(g.mul(x, last), between));
  if (how == "half_pixel_symmetric") {
    // The length that the scale gives, which rounding may have made another one.
    const Out adjustment = g.div(output, g.mul(axis.scale, axis.input));
    const Out start = g.mul(g.mul(axis.input, half), g.sub(one, adjustment));
    return g.sub(g.add(start, g.div(g.add(x, half), axis.scale)), half);
  }
  if (how == "tf_crop_and_resize") {
    const Out start = axis.roi_start, end = axis.roi_end;
    const Out step = g.div(g.mul(g.sub(end, start), last), between);
    return g.select(is_one, g.mul(g.mul(half, g.add(start, end)), last),
                    g.add(g.mul(start, last), g.mul(x, step)));
  }
  throw Unsupported("it has the coordinate transformation " + how);
}

// Within the input, as indices.
Out indices_of(Graph& g, Out places, const Axis& axis) {
  const Out last = g.cast(axis.last, Graph::type(places));
  return g.cast(g.minimum(g.maximum(places, g.scalar_like(places, 0)), last), TF_INT64);
}

Out nearest_of(Graph& g, Out x, const Axis& axis, const std::string& how) {
  if (how == "simple") {
    const Out shrinks = g.less(axis.scale, single(g, 1));
    return g.select(shrinks, g.compute("Ceil", {x}), g.compute("Floor", {x}));
  }
  if (how == "floor") return g.compute("Floor", {x});
  if (how == "ceil") return g.compute("Ceil", {x});
  if (how == "round_prefer_ceil") return g.compute("Floor", {g.add(x, single(g, 0.5))});
  return g.compute("Ceil", {g.sub(x, single(g, 0.5))});  // round_prefer_floor
}

// Of distances, f64.
Out weights_of(Graph& g, Out distance, const ResizeMode& mode) {
  const auto number = [&](double value) { return g.scalar(TF_DOUBLE, value); };
  const Out d = g.compute("Abs", {distance}), one = number(1);
  if (mode.interpolation == "linear") return g.maximum(number(0), g.sub(one, d));
  const double a = mode.cubic_a;
  const auto polynomial = [&](double third, double second, double first, double constant) {
    const Out inner =
        g.add(g.mul(g.add(g.mul(d, number(third)), number(second)), d), number(first));
    return g.add(g.mul(inner, d), number(constant));
  };
  const Out near = polynomial(a + 2, -(a + 3), 0, 1), far = polynomial(a, -5 * a, 8 * a, -4 * a);
  const Out beyond = g.select(g.less(d, number(2)), far, g.call("ZerosLike", {d}));
  return g.select(g.compute("LessEqual", {d, one}), near, beyond);
}

// `sources`: f32[output]. Each result is a few elements of the input, weighted.
Out resize_weighted(Graph& g, Out x, Out sources, const Axis& axis, const ResizeMode& mode,
                    int64_t place) {
  const auto number = [&](double value) { return g.scalar(TF_DOUBLE, value); };
  const double radius = mode.interpolation == "cubic" ? 2 : 1;
  const Out at = g.expand_dims(g.cast(sources, TF_DOUBLE), 1);
  Out shrink = number(1), taps = g.long_scalar(static_cast<int64_t>(2 * radius));
  Out first = g.compute("Floor", {g.sub(at, number(radius - 1))});
  if (mode.antialias) {
    // The filter is wider where the result is smaller. Too many taps cost nothing: their weights
    // are 0.
    shrink = g.minimum(g.cast(axis.scale, TF_DOUBLE), number(1));
    const Out reach = g.div(number(radius), shrink);
    first = g.compute("Floor", {g.sub(at, reach)});
    taps = g.add(g.cast(g.compute("Ceil", {g.add(reach, reach)}), TF_INT64), g.long_scalar(2));
  }
  const Out steps = g.cast(g.range(g.long_scalar(0), taps, g.long_scalar(1)), TF_DOUBLE);
  const Out places = g.add(first, g.expand_dims(steps, 0));  // [output, taps]
  Out weights = weights_of(g, g.mul(g.sub(places, at), shrink), mode);
  if (mode.exclude_outside) {
    const Out last = g.cast(axis.last, TF_DOUBLE);
    const Out inside = g.call("LogicalAnd", {g.compute("GreaterEqual", {places, number(0)}),
                                             g.compute("LessEqual", {places, last})});
    weights = g.mul(weights, g.cast(inside, TF_DOUBLE));
  }
  const Out total = g.reduce("Sum", weights, {1}, true);
  weights = g.div(weights, g.select(g.equal(total, number(0)), number(1), total));
  weights = g.cast(weights, Graph::type(x));
  for (auto i = place + 1; i < static_cast<int64_t>(g.rank(x)); ++i) {
    weights = g.expand_dims(weights, i - place + 1);
  }
  const Out parts = g.gather(x, indices_of(g, places, axis), place);
  return g.reduce("Sum", g.mul(parts, weights), {place + 1}, false);
}

Out resize_along(Graph& g, Out x, const Axis& axis, const ResizeMode& mode, int64_t place) {
  const Out sources = sources_of(g, axis, mode);
  const bool nearest = mode.interpolation == "nearest";
  Out y = nearest
              ? g.gather(x, indices_of(g, nearest_of(g, sources, axis, mode.nearest), axis), place)
              : resize_weighted(g, x, sources, axis, mode, place);
  if (!mode.crops()) return y;
  Out outside = g.call("LogicalOr",
                       {g.less(sources, single(g, 0)), g.compute("Greater", {sources, axis.last})});
  for (auto i = place + 1; i < static_cast<int64_t>(g.rank(x)); ++i) {
    outside = g.expand_dims(outside, i - place);
  }
  return g.select(outside, g.scalar_like(y, mode.extrapolation_value), y);
}

// The same factor for all axes, so that the shape fits in or around.
void keep_aspect_ratio(Graph& g, std::vector<Axis>& axes, bool smaller) {
  Out scale = axes.front().scale;
  for (const Axis& axis : axes) {
    scale = smaller ? g.minimum(scale, axis.scale) : g.maximum(scale, axis.scale);
  }
  for (Axis& axis : axes) {
    axis.scale = scale;
    const Out length = g.mul(scale, axis.input);
    axis.output = g.cast(g.compute("Floor", {g.add(length, single(g, 0.5))}), TF_INT64);
  }
}

}  // namespace

void resize_at_run_time(const Operation& op, const ResizeMode& mode) {
  Graph& g = op.g;
  const std::vector<int64_t> named = semantics::resized_axes(op.node, op.rank(0));
  const semantics::ResizeInputs inputs = semantics::resize_inputs(op.node);
  const std::vector<double> attribute = semantics::attribute_scales(op.node);
  const auto element = [&](size_t input, size_t i) {
    return g.gather(op.in(input), g.int_scalar(static_cast<int64_t>(i)), 0);
  };
  // An input without elements is as good as none.
  const auto is_given = [&](std::optional<size_t> input) {
    const auto shape = input ? op.find_shape(*input) : std::nullopt;
    return input && (!shape || element_count(*shape) != 0);
  };
  const bool scaled = !attribute.empty() || is_given(inputs.scales);
  if (!scaled && !is_given(inputs.sizes)) throw Unsupported("it has neither scales nor sizes");
  std::vector<Axis> axes;
  for (size_t i = 0; i < named.size(); ++i) {
    Axis axis;
    axis.input = g.cast(g.size_of(op.in(0), named[i]), TF_FLOAT);
    axis.last = g.sub(axis.input, single(g, 1));
    if (scaled) {
      axis.scale = attribute.empty() ? element(*inputs.scales, i) : single(g, attribute.at(i));
      axis.output = g.cast(g.compute("Floor", {g.mul(axis.scale, axis.input)}), TF_INT64);
    } else {
      axis.output = element(*inputs.sizes, i);
      axis.scale = g.div(g.cast(axis.output, TF_FLOAT), axis.input);
    }
    if (mode.crops()) {
      axis.roi_start = g.cast(element(*inputs.roi, i), TF_FLOAT);
      axis.roi_end = g.cast(element(*inputs.roi, i + named.size()), TF_FLOAT);
    }
    axes.push_back(axis);
  }
  const std::string policy = op.node.text("keep_aspect_ratio_policy", "stretch");
  if (!scaled && policy != "stretch") keep_aspect_ratio(g, axes, policy == "not_larger");
  Out x = op.in(0);  // no integers that are interpolated: semantics::require_same_integers
  for (size_t i = 0; i < named.size(); ++i) x = resize_along(g, x, axes[i], mode, named[i]);
  op.out(x);
}

}  // namespace dnnbench::tf
