// Conv, ConvTranspose and what contains one.
#include "convolution.h"

#include <algorithm>
#include <optional>

#include "core/error.h"
#include "operators.h"

namespace dnnbench::tf {

Permutation filters_last(size_t rank) {
  Permutation permutation;
  for (size_t i = 2; i < rank; ++i) permutation.push_back(static_cast<int>(i));
  permutation.insert(permutation.end(), {1, 0});
  return permutation;
}

namespace {

// Zeros between the elements of the kernel, where there is no kernel for dilation.
Out dilate(Graph& g, Out filters, const Shape& dilations) {
  for (size_t i = 0; i < dilations.size(); ++i) {
    const int64_t dilation = dilations[i];
    if (dilation == 1) continue;
    const auto axis = static_cast<int64_t>(i);
    Shape shape = g.shape(filters);
    Out apart = g.expand_dims(filters, axis + 1);
    std::vector<int64_t> paddings(2 * shape.size() + 2, 0);
    paddings[2 * i + 3] = dilation - 1;
    apart = g.call("Pad", {apart, g.reshape(g.ints(paddings), Shape{-1, 2})});
    const int64_t span = (shape[i] - 1) * dilation + 1;
    shape[i] *= dilation;
    filters = g.slice(g.reshape(apart, shape), axis, 0, span);
  }
  return filters;
}

Windows undilated(Windows w) {
  for (size_t i = 0; i < w.dimensions(); ++i) w.kernel[i] = w.span(i);
  w.dilations.assign(w.dimensions(), 1);
  return w;
}

// One spatial dimension becomes two.
Windows with_height(Windows w) {
  for (Shape* list : {&w.input, &w.kernel, &w.strides, &w.dilations, &w.output}) {
    list->insert(list->begin(), 1);
  }
  for (Shape* list : {&w.before, &w.after, &w.ceil_extra}) list->insert(list->begin(), 0);
  return w;
}

struct Padding {
  std::string name;
  std::vector<int64_t> explicit_paddings;
};

Padding padding_of(const Windows& w) {
  if (!w.padded()) return {"VALID", {}};
  if (is_same_padding(w)) return {"SAME", {}};
  std::vector<int64_t> list{0, 0};
  for (size_t i = 0; i < w.dimensions(); ++i) {
    list.push_back(w.before[i]);
    list.push_back(w.after[i]);
  }
  list.insert(list.end(), {0, 0});
  return {"EXPLICIT", list};
}

bool all_same(const Shape& list) {
  return std::all_of(list.begin(), list.end(), [&](int64_t size) { return size == list[0]; });
}

// TensorFlow ends the process on explicit padding here, so it pads before.
Out depthwise(Graph& g, Out x, Out filters, const Windows& w, int64_t channels) {
  Padding padding = padding_of(w);
  if (padding.name == "EXPLICIT") {
    x = pad_spatial(g, x, w, 0);
    padding.name = "VALID";
  }
  Shape shape = g.shape(filters);  // [height, width, 1, channels * multiplier]
  shape = {shape[0], shape[1], channels, shape[3] / channels};
  return g.compute("DepthwiseConv2dNative", {x, g.reshape(filters, shape)},
                   {{"strides", channels_last_list(w.strides)}, {"padding", padding.name}});
}

Out with_bias(Graph& g, Out y, const std::optional<Out>& bias, const char* sum = "BiasAdd") {
  return bias ? g.compute(sum, {y, *bias}) : y;
}

Out convolve_2d(Graph& g, Out x, Out filters, const Windows& w, int64_t groups,
                const std::optional<Out>& bias) {
  const int64_t channels = g.shape(x).back();
  const bool one_each = groups > 1 && groups == channels;
  if (one_each && all_same(w.strides) && !w.dilated() && Graph::type(x) != TF_INT32) {
    return with_bias(g, depthwise(g, x, filters, w, channels), bias);
  }
  const Padding padding = padding_of(w);
  const Out y = g.compute("Conv2D", {x, filters},
                          {{"strides", channels_last_list(w.strides)},
                           {"dilations", channels_last_list(w.dilations)},
                           {"padding", padding.name},
                           {"explicit_paddings", padding.explicit_paddings}});
  // Where TensorFlow goes without oneDNN it fuses a BiasAdd into a kernel that has no groups;
  // oneDNN takes either.
  return with_bias(g, y, bias, groups == 1 ? "BiasAdd" : "AddV2");
}

Outs split(Graph& g, Out x, int64_t parts, int64_t axis) {
  return g.call_all("Split", {g.int_scalar(axis), x}, {{"num_split", parts}});
}

Out convolve_3d(Graph& g, Out x, Out filters, const Windows& w, int64_t groups) {
  filters = dilate(g, filters, w.dilations);
  const Windows plain = undilated(w);
  x = pad_spatial(g, x, plain, 0);
  const auto last = static_cast<int64_t>(w.dimensions()) + 1;
  const Outs xs = groups == 1 ? Outs{x} : split(g, x, groups, last);
  const Outs fs = groups == 1 ? Outs{filters} : split(g, filters, groups, last);
  Outs results;
  for (size_t i = 0; i < xs.size(); ++i) {
    results.push_back(g.compute(
        "Conv3D", {xs[i], fs[i]},
        {{"strides", channels_last_list(plain.strides)}, {"padding", std::string("VALID")}}));
  }
  return g.concat(results, last);
}

}  // namespace

Shape kernel_of(const Operation& op, size_t weight) {
  const Shape filters = op.static_shape(weight);
  if (filters.size() < 3) throw Unsupported("its filters have no spatial dimensions");
  return op.node.integers("kernel_shape", Shape(filters.begin() + 2, filters.end()));
}

Out convolve(Graph& g, Out x, Out filters, const Windows& w, int64_t groups,
             const std::optional<Out>& bias) {
  switch (w.dimensions()) {
    case 1:
      return g.squeeze(convolve_2d(g, g.expand_dims(x, 1), g.expand_dims(filters, 0),
                                   with_height(w), groups, bias),
                       {1});
    case 2:
      return convolve_2d(g, x, filters, w, groups, bias);
    case 3:
      return with_bias(g, convolve_3d(g, x, filters, w, groups), bias);
    default:
      throw Unsupported("TensorFlow convolves in 1 to 3 dimensions");
  }
}

namespace {

// A shape whose first size, where it is -1, is that of x.
Out known_or_size(Graph& g, Out x, Shape sizes) {
  if (sizes[0] >= 0) return g.longs(sizes);
  sizes.erase(sizes.begin());
  return g.concat({g.expand_dims(g.size_of(x, 0), 0), g.longs(sizes)}, 0);
}

// Without rows oneDNN's kernel gives the result other sizes than it has.
Out with_channels(const Operation& op, Out y, const Windows& w) {
  const int64_t rows = op.shape(0)[0];
  if (rows > 0) return y;
  Shape sizes{rows};
  sizes.insert(sizes.end(), w.output.begin(), w.output.end());
  sizes.push_back(op.static_shape(1)[0]);
  return op.g.reshape(y, known_or_size(op.g, op.in(0), sizes));
}

void emit_conv(const Operation& op) {
  Graph& g = op.g;
  const size_t rank = op.rank(0);
  const Permutation last = channels_last(rank);
  const Windows w = read_windows(op, kernel_of(op, 1));
  const auto bias = op.has(2) ? std::optional(op.in(2)) : std::nullopt;
  const Out y =
      convolve(g, op.in(0, last), op.in(1, filters_last(rank)), w, op.integer("group", 1), bias);
  op.out(with_channels(op, y, w), last);
}

// The filters of ConvInteger and of quantised ones are less their zero point; see
// quantization.cpp for those.
void emit_conv_integer(const Operation& op) {
  Graph& g = op.g;
  const size_t rank = op.rank(0);
  const Permutation last = channels_last(rank);
  Out x = g.cast(op.in(0, last), TF_INT32);
  Out filters = g.cast(op.in(1, filters_last(rank)), TF_INT32);
  if (op.has(2)) x = g.sub(x, g.reshape(g.cast(op.in(2), TF_INT32), Shape{}));
  if (op.has(3)) filters = g.sub(filters, g.cast(op.in(3), TF_INT32));
  const Windows w = read_windows(op, kernel_of(op, 1));
  if (rank > 4) throw Unsupported("TensorFlow has no convolution of integers in 3 dimensions");
  op.out(convolve(g, x, filters, w, op.integer("group", 1)), last);
}

// --- ConvTranspose ----------------------------------------------------------------------------

using Transposed = semantics::TransposedWindows;

// Cuts and pads (with zeros, which is what lies outside) to the result's sizes.
Out fit(Graph& g, Out y, const Transposed& t) {
  std::vector<int64_t> paddings{0, 0};
  bool padded = false;
  for (size_t i = 0; i < t.full.size(); ++i) {
    const int64_t begin = std::max<int64_t>(0, t.before[i]);
    const int64_t end = std::min(t.full[i], t.before[i] + t.output[i]);
    if (begin != 0 || end != t.full[i]) y = g.slice(y, static_cast<int64_t>(i) + 1, begin, end);
    paddings.push_back(begin - t.before[i]);
    paddings.push_back(t.before[i] + t.output[i] - end);
    padded = padded || paddings.back() != 0 || begin != t.before[i];
  }
  paddings.insert(paddings.end(), {0, 0});
  return padded ? g.call("Pad", {y, g.reshape(g.ints(paddings), Shape{-1, 2})}) : y;
}

// One group, channels last; filters [kernel..., M, C].
Out transposed_group(Graph& g, Out x, Out filters, const Transposed& t) {
  const Shape filter_shape = g.shape(filters);
  Shape sizes{g.shape(x)[0]};
  sizes.insert(sizes.end(), t.full.begin(), t.full.end());
  sizes.push_back(filter_shape[filter_shape.size() - 2]);
  const Out shape = g.cast(known_or_size(g, x, sizes), TF_INT32);
  const TF_DataType type = Graph::type(x);
  const std::vector<OperationAttribute> attributes{{"strides", channels_last_list(t.strides)},
                                                   {"padding", std::string("VALID")}};
  if (t.full.size() == 3) {
    return g.call("Conv3DBackpropInputV2", {shape, filters, x}, attributes);
  }
  const TF_DataType computed = type == TF_HALF || type == TF_BFLOAT16 ? TF_FLOAT : type;
  return g.cast(g.call("Conv2DBackpropInput",
                       {shape, g.cast(filters, computed), g.cast(x, computed)}, attributes),
                type);
}

// One spatial dimension becomes two.
Transposed with_height(Transposed t) {
  for (Shape* list : {&t.input, &t.kernel, &t.strides, &t.dilations, &t.full, &t.output}) {
    list->insert(list->begin(), 1);
  }
  for (Shape* list : {&t.before, &t.after, &t.output_padding}) list->insert(list->begin(), 0);
  return t;
}

void emit_conv_transpose(const Operation& op) {
  Graph& g = op.g;
  const size_t rank = op.rank(0);
  if (rank > 5) throw Unsupported("TensorFlow convolves in 1 to 3 dimensions");
  Transposed t =
      semantics::read_transposed_windows(op.node, spatial_sizes(op, 0), kernel_of(op, 1));
  if (op.shape(0)[0] == 0) throw Unsupported("its batch is empty");
  Out x = op.in(0, channels_last(rank));
  // [C, M/group, kernel...] -> [kernel..., M/group, C]: the gradient's filters.
  Out filters = dilate(g, op.in(1, filters_last(rank)), t.dilations);
  const bool one_dimension = rank == 3;
  if (one_dimension) {
    t = with_height(t);
    x = g.expand_dims(x, 1);
    filters = g.expand_dims(filters, 0);
  }
  const int64_t groups = op.integer("group", 1);
  const int64_t axis = one_dimension ? 3 : static_cast<int64_t>(rank) - 1;
  const Outs xs = groups == 1 ? Outs{x} : split(g, x, groups, axis);
  const Outs fs = groups == 1 ? Outs{filters} : split(g, filters, groups, axis);
  Outs results;
  for (size_t i = 0; i < xs.size(); ++i) results.push_back(transposed_group(g, xs[i], fs[i], t));
  Out y = fit(g, g.concat(results, axis), t);
  if (one_dimension) y = g.squeeze(y, {1});
  if (op.has(2)) y = g.compute("BiasAdd", {y, op.in(2)});
  op.out(y, channels_last(rank));
}

}  // namespace

Operators convolution_operators() {
  return {
      {"Conv", emit_conv},
      {"ConvInteger", emit_conv_integer},
      {"ConvTranspose", emit_conv_transpose},
  };
}

}  // namespace dnnbench::tf
