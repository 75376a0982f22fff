#include <algorithm>
#include <cmath>
#include <limits>

#include "evaluate/formula.h"
#include "semantics/axes.h"
#include "semantics/pads.h"
#include "semantics/resize.h"
#include "semantics/slices.h"

namespace dnnbench::evaluate {
namespace {

using semantics::axis_from_start;

Element moved(double value) { return {value, std::abs(value)}; }

size_t axis_of(int64_t axis, size_t rank) {
  if (rank == 0) throw Unsupported("a scalar has no axes");
  return static_cast<size_t>(axis_from_start(axis, rank));
}

// The result's element at a position is the operand's at `from(position)`.
template <typename From>
Formula gather_by(const Operand& x, const Shape& shape, From from) {
  const Shape strides = strides_of(x.shape());
  return {shape, 1, [=](int64_t flat) {
            const Shape at = from(position_of(flat, shape));
            int64_t position = 0;
            for (size_t i = 0; i < at.size(); ++i) position += at[i] * strides[i];
            return moved(x[position]);
          }};
}

// The same elements in the same order. What the new shape should be follows from inputs that were
// judged as nodes of their own; that the count is right is checked.
Formula reshape(const Call& call) {
  const Operand& x = call.in(0);
  if (x.count() != dnnbench::element_count(call.shape)) {
    throw Unsupported("it changes the number of elements");
  }
  return {call.shape, 1, [x](int64_t flat) { return moved(x[flat]); }};
}

Formula transpose(const Call& call) {
  const Operand& x = call.in(0);
  Shape reversed;
  for (size_t i = x.rank(); i-- > 0;) reversed.push_back(static_cast<int64_t>(i));
  const Shape order = call.node.integers("perm", reversed);
  if (order.size() != x.rank()) throw Unsupported("its permutation does not fit");
  Shape shape;
  for (const int64_t axis : order) shape.push_back(x.shape()[axis_of(axis, x.rank())]);
  return gather_by(x, shape, [order](const Shape& to) {
    Shape from(to.size());
    for (size_t i = 0; i < to.size(); ++i) from[static_cast<size_t>(order[i])] = to[i];
    return from;
  });
}

Formula expand(const Call& call) {
  const Operand& x = call.in(0);
  const Shape shape = broadcast(x.shape(), call.in(1).integers());
  const Broadcasting at(x.shape(), shape);
  return {shape, 1, [=](int64_t flat) { return moved(x[at(flat)]); }};
}

Formula tile(const Call& call) {
  const Operand& x = call.in(0);
  const Shape repeats = call.in(1).integers();
  if (repeats.size() != x.rank()) throw Unsupported("its repeats don't fit its input");
  Shape shape = x.shape();
  for (size_t i = 0; i < shape.size(); ++i) shape[i] *= repeats[i];
  return gather_by(x, shape, [sizes = x.shape()](Shape at) {
    for (size_t i = 0; i < at.size(); ++i) at[i] %= sizes[i];
    return at;
  });
}

Formula concat(const Call& call) {
  std::vector<Operand> operands;
  for (size_t i = 0; i < call.inputs.size(); ++i) operands.push_back(call.in(i));
  if (operands.empty()) throw Unsupported("it has no inputs");
  Shape shape = operands[0].shape();
  const size_t axis = axis_of(call.node.integer("axis", 1), shape.size());
  shape[axis] = 0;
  for (const Operand& operand : operands) {
    if (operand.rank() != shape.size()) throw Unsupported("shapes that don't fit");
    shape[axis] += operand.shape()[axis];
  }
  return {shape, 1, [=](int64_t flat) {
            Shape at = position_of(flat, shape);
            size_t i = 0;
            while (i + 1 < operands.size() && at[axis] >= operands[i].shape()[axis]) {
              at[axis] -= operands[i++].shape()[axis];
            }
            const Shape strides = strides_of(operands[i].shape());
            int64_t position = 0;
            for (size_t k = 0; k < at.size(); ++k) position += at[k] * strides[k];
            return moved(operands[i][position]);
          }};
}

Formula split(const Call& call) {
  const Operand& x = call.in(0);
  const size_t axis = axis_of(call.node.integer("axis", 0), x.rank());
  std::vector<int64_t> sizes = call.list("split", 1);
  if (sizes.empty()) {
    const auto count = static_cast<int64_t>(call.node.outputs.size());
    const int64_t each = (x.shape()[axis] + count - 1) / count;
    for (int64_t left = x.shape()[axis]; left > 0; left -= each) {
      sizes.push_back(std::min(each, left));
    }
  }
  if (call.output >= sizes.size()) throw Unsupported("more outputs than parts");
  int64_t begin = 0;
  for (size_t i = 0; i < call.output; ++i) begin += sizes[i];
  Shape shape = x.shape();
  shape[axis] = sizes[call.output];
  return gather_by(x, shape, [=](Shape at) {
    at[axis] += begin;
    return at;
  });
}

// A bound of a slice within 0 and `max`, or going backwards within -1 and `max`.
int64_t bound(int64_t given, int64_t size, int64_t min, int64_t max) {
  return std::clamp(given < 0 ? given + size : given, min, max);
}

Formula slice(const Call& call) {
  const Operand& x = call.in(0);
  const bool by_attributes = call.node.opset < 10;
  const auto list = [&](const char* name, size_t input) {
    if (by_attributes) return call.node.integers(name);
    return call.has(input) ? call.in(input).integers() : std::vector<int64_t>();
  };
  const auto slices = semantics::make_slices(list("starts", 1), list("ends", 2), list("axes", 3),
                                             list("steps", 4), x.rank());
  Shape shape = x.shape(), starts(x.rank(), 0), steps(x.rank(), 1);
  for (const semantics::Slice& one : slices) {
    const auto axis = static_cast<size_t>(one.axis);
    const int64_t size = x.shape().at(axis);
    if (size == 0) continue;
    const bool back = one.step < 0;
    starts[axis] = bound(one.start, size, 0, back ? size - 1 : size);
    const int64_t end = bound(one.end, size, back ? -1 : 0, back ? size - 1 : size);
    steps[axis] = std::clamp(one.step, -size - 1, size + 1);
    const int64_t length = back ? starts[axis] - end : end - starts[axis];
    const int64_t step = std::abs(steps[axis]);
    shape[axis] = std::max<int64_t>(0, (length + step - 1) / step);
  }
  return gather_by(x, shape, [=](Shape at) {
    for (size_t i = 0; i < at.size(); ++i) at[i] = starts[i] + at[i] * steps[i];
    return at;
  });
}

Formula gather(const Call& call) {
  const Operand &x = call.in(0), &indices = call.in(1);
  const size_t axis = axis_of(call.node.integer("axis", 0), x.rank());
  const size_t count = indices.rank();
  Shape shape(x.shape().begin(), x.shape().begin() + static_cast<std::ptrdiff_t>(axis));
  shape.insert(shape.end(), indices.shape().begin(), indices.shape().end());
  shape.insert(shape.end(), x.shape().begin() + static_cast<std::ptrdiff_t>(axis) + 1,
               x.shape().end());
  const Shape index_strides = strides_of(indices.shape());
  return gather_by(x, shape, [=](const Shape& to) {
    int64_t position = 0;
    for (size_t i = 0; i < count; ++i) position += to[axis + i] * index_strides[i];
    auto index = static_cast<int64_t>(indices[position]);
    if (index < 0) index += x.shape()[axis];
    if (index < 0 || index >= x.shape()[axis]) throw Unsupported("an index outside of its input");
    Shape from(to.begin(), to.begin() + static_cast<std::ptrdiff_t>(axis));
    from.push_back(index);
    from.insert(from.end(), to.begin() + static_cast<std::ptrdiff_t>(axis + count), to.end());
    return from;
  });
}

// Where a padded position lies in an axis of that size; -1 in the constant padding.
int64_t unpadded(int64_t at, int64_t size, const std::string& mode) {
  if (at >= 0 && at < size) return at;
  if (mode == "edge") return std::clamp<int64_t>(at, 0, size - 1);
  if (mode == "wrap") return (at % size + size) % size;
  if (mode == "constant" || size == 1) return mode == "constant" ? -1 : 0;
  const int64_t period = 2 * (size - 1);
  const int64_t folded = (at % period + period) % period;
  return folded < size ? folded : period - folded;
}

Formula pad(const Call& call) {
  const Operand& x = call.in(0);
  const bool attributes = semantics::pads_are_attributes(call.node);
  const std::vector<int64_t> axes =
      !attributes && call.has(3) ? call.in(3).integers() : std::vector<int64_t>();
  const semantics::Pads pads = semantics::spread_pads(
      attributes ? call.node.integers("pads") : call.in(1).integers(), axes, x.rank());
  double fill = call.node.number("value", 0);
  if (!attributes) fill = call.has(2) ? call.in(2)[0] : 0;
  const std::string mode = semantics::read_pad_mode(call.node);
  Shape shape = x.shape();
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 0) throw Unsupported("an input without elements");
    shape[i] += pads.before[i] + pads.after[i];
  }
  const Shape strides = strides_of(x.shape());
  return {shape, 1, [=](int64_t flat) {
            const Shape at = position_of(flat, shape);
            int64_t position = 0;
            for (size_t i = 0; i < at.size(); ++i) {
              const int64_t from = unpadded(at[i] - pads.before[i], x.shape()[i], mode);
              if (from < 0) return moved(fill);
              position += from * strides[i];
            }
            return moved(x[position]);
          }};
}

Formula shape_of(const Call& call) {
  const Shape& of = call.in(0).shape();
  const auto size = static_cast<int64_t>(of.size());
  const int64_t start = bound(call.node.integer("start", 0), size, 0, size);
  const int64_t end = bound(call.node.integer("end", size), size, start, size);
  const Shape taken(of.begin() + start, of.begin() + end);
  return {{static_cast<int64_t>(taken.size())}, 1, [taken](int64_t flat) {
            return moved(static_cast<double>(taken.at(static_cast<size_t>(flat))));
          }};
}

Formula size_of(const Call& call) {
  const auto count = static_cast<double>(call.in(0).count());
  return {{}, 1, [count](int64_t) { return moved(count); }};
}

Formula constant_of_shape(const Call& call) {
  double value = 0;
  if (const import::Attribute* given = call.node.attribute("value"); given && given->tensor) {
    const import::Constant& tensor = *given->tensor;
    value = Operand(tensor.type, tensor.shape, tensor.bytes)[0];
  }
  return {call.in(0).integers(), 1, [value](int64_t) { return moved(value); }};
}

// Both of them: channels become places of a block, or the other way round.
Formula depth_to_space(const Call& call) {
  const Operand& x = call.in(0);
  const int64_t block = call.node.integer("blocksize", 0);
  if (x.rank() != 4 || block <= 0) throw Unsupported("its input is not of rank 4");
  const bool to_space = call.node.op == "DepthToSpace";
  const bool depth_first = call.node.text("mode", "DCR") == "DCR";
  Shape shape = x.shape();
  shape[1] = to_space ? shape[1] / (block * block) : shape[1] * block * block;
  shape[2] = to_space ? shape[2] * block : shape[2] / block;
  shape[3] = to_space ? shape[3] * block : shape[3] / block;
  const int64_t depth = to_space ? shape[1] : x.shape()[1];
  return gather_by(x, shape, [=](const Shape& to) -> Shape {
    if (!to_space) {
      const int64_t place = to[1] / depth;
      return {to[0], to[1] % depth, to[2] * block + place / block, to[3] * block + place % block};
    }
    const int64_t place = to[2] % block * block + to[3] % block;
    const int64_t channel = depth_first ? place * depth + to[1] : to[1] * block * block + place;
    return {to[0], channel, to[2] / block, to[3] / block};
  });
}

std::vector<double> numbers(const Operand& operand) {
  std::vector<double> values;
  for (int64_t i = 0; i < operand.count(); ++i) values.push_back(operand[i]);
  return values;
}

semantics::ResizeTargets targets_of(const Call& call) {
  const semantics::ResizeInputs inputs = semantics::resize_inputs(call.node);
  const auto given = [&](const std::optional<size_t>& i) {
    return i && call.has(*i) && call.in(*i).count() > 0;
  };
  semantics::ResizeTargets targets;
  targets.scales = semantics::attribute_scales(call.node);
  if (given(inputs.scales)) targets.scales = numbers(call.in(*inputs.scales));
  if (given(inputs.sizes)) targets.sizes = call.in(*inputs.sizes).integers();
  if (given(inputs.roi)) targets.roi = numbers(call.in(*inputs.roi));
  if (!targets.sizes.empty()) targets.scales.clear();
  return targets;
}

// The sum over the taps of all axes, from `axis` on.
Element interpolate(const Operand& x, const std::vector<semantics::AxisWeights>& axes,
                    const Shape& strides, const Shape& at, size_t axis, int64_t position) {
  if (axis == axes.size()) return moved(x[position]);
  const semantics::AxisWeights& weights = axes[axis];
  Element sum;
  for (int64_t tap = 0; tap < weights.taps; ++tap) {
    const auto i = static_cast<size_t>(at[axis] * weights.taps + tap);
    const double weight = weights.weights.at(i);
    if (weight == 0) continue;
    const Element part = interpolate(x, axes, strides, at, axis + 1,
                                     position + weights.indices.at(i) * strides[axis]);
    sum.value += weight * part.value;
    sum.magnitude += std::abs(weight) * part.magnitude;
  }
  return sum;
}

Formula resize(const Call& call) {
  const Operand& x = call.in(0);
  const semantics::ResizeMode mode = semantics::read_resize_mode(call.node);
  const auto axes = semantics::resize_axes(call.node, mode, x.shape(), targets_of(call));
  if (!axes) throw Unsupported("its sizes are not known");
  Formula formula;
  std::vector<semantics::AxisWeights> weights;
  double largest = 1;  // coordinates are rounded in units of the axis
  for (const semantics::ResizedAxis& axis : *axes) {
    weights.push_back(semantics::axis_weights(mode, axis));
    formula.shape.push_back(axis.size_out);
    formula.terms *= weights.back().taps;
    if (!axis.unchanged()) largest = std::max(largest, static_cast<double>(axis.size_in));
  }
  const Shape shape = formula.shape, strides = strides_of(x.shape());
  formula.element = [=, fill = mode.extrapolation_value](int64_t flat) -> Element {
    const Shape at = position_of(flat, shape);
    for (size_t i = 0; i < at.size(); ++i) {
      if (weights[i].outside.at(static_cast<size_t>(at[i]))) return moved(fill);
    }
    Element element = interpolate(x, weights, strides, at, 0, 0);
    element.magnitude *= largest;
    return element;
  };
  return formula;
}

}  // namespace

FormulaTable moving_formulas() {
  return {
      {"Reshape", reshape},
      {"Flatten", reshape},
      {"Squeeze", reshape},
      {"Unsqueeze", reshape},
      {"Transpose", transpose},
      {"Expand", expand},
      {"Tile", tile},
      {"Concat", concat},
      {"Split", split},
      {"Slice", slice},
      {"Gather", gather},
      {"Pad", pad},
      {"Shape", shape_of},
      {"Size", size_of},
      {"ConstantOfShape", constant_of_shape},
      {"DepthToSpace", depth_to_space},
      {"SpaceToDepth", depth_to_space},
      {"Resize", resize},
      {"Upsample", resize},
  };
}

}  // namespace dnnbench::evaluate
