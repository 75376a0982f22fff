// Fourier transforms and windows.
#include <cmath>

#include "core/error.h"
#include "operators.h"

namespace dnnbench::tf {
namespace {

TF_DataType complex_of(TF_DataType type) {
  return type == TF_DOUBLE ? TF_COMPLEX128 : TF_COMPLEX64;
}

// [..., 1 or 2] -> complex [...].
Out to_complex(Graph& g, Out x) {
  const Shape shape = g.shape(x);
  const auto last = static_cast<int64_t>(shape.size()) - 1;
  const auto part = [&](int64_t i) { return g.gather(x, g.int_scalar(i), last); };
  const Out real = part(0);
  const Out imaginary = shape.back() == 2 ? part(1) : g.call("ZerosLike", {real});
  return g.call("Complex", {real, imaginary}, {{"Tout", complex_of(Graph::type(x))}});
}

// complex [...] -> [..., 2].
Out from_complex(Graph& g, Out x) {
  const TF_DataType type = Graph::type(x) == TF_COMPLEX128 ? TF_DOUBLE : TF_FLOAT;
  const Out real = g.call("Real", {x}, {{"Tout", type}});
  const Out imaginary = g.call("Imag", {x}, {{"Tout", type}});
  return g.call("Pack", {Outs{real, imaginary}}, {{"axis", static_cast<int64_t>(g.rank(x))}});
}

// Cut or padded with zeros to a length, in the last dimension.
Out fit_length(Graph& g, Out x, int64_t length) {
  const Shape shape = g.shape(x);
  const auto last = static_cast<int64_t>(shape.size()) - 1;
  if (shape.back() > length) return g.slice(x, last, 0, length);
  if (shape.back() == length) return x;
  std::vector<int64_t> paddings(2 * shape.size(), 0);
  paddings.back() = length - shape.back();
  return g.call("Pad", {x, g.reshape(g.ints(paddings), Shape{-1, 2})});
}

// Of the last dimension of complex x.
Out transform(Graph& g, Out x, bool inverse, bool onesided) {
  const int64_t length = g.shape(x).back();
  Out y = g.call(inverse ? "IFFT" : "FFT", {x}, {{"Tcomplex", Graph::type(x)}});
  if (onesided) y = g.slice(y, static_cast<int64_t>(g.rank(x)) - 1, 0, length / 2 + 1);
  return y;
}

void emit_dft(const Operation& op) {
  Graph& g = op.g;
  const Shape shape = op.static_shape(0);
  const size_t rank = shape.size();
  const int64_t axis = op.node.opset < 20 ? op.axis("axis", 1, rank)
                       : op.has(2) ? semantics::axis_from_start(op.integers(2, "axes").at(0), rank)
                                   : static_cast<int64_t>(rank) - 2;
  const bool inverse = op.integer("inverse", 0) != 0, onesided = op.integer("onesided", 0) != 0;
  if (inverse && onesided) throw Unsupported("it makes a real signal of half a spectrum");
  const TF_DataType given = op.type(0);
  const Out x = to_complex(g, given == TF_DOUBLE ? op.in(0) : g.cast(op.in(0), TF_FLOAT));
  std::vector<int> order;
  for (int i = 0; i < static_cast<int>(rank) - 1; ++i) order.push_back(i);
  std::swap(order[static_cast<size_t>(axis)], order.back());
  const int64_t length =
      op.has(1) ? op.integers(1, "lengths").at(0) : shape[static_cast<size_t>(axis)];
  const Out rows = fit_length(g, g.transpose(x, order), length);
  op.out(g.cast(from_complex(g, g.transpose(transform(g, rows, inverse, onesided), order)), given));
}

void emit_stft(const Operation& op) {
  Graph& g = op.g;
  const Shape shape = op.static_shape(0);
  const int64_t step = op.integers(1, "steps").at(0);
  const int64_t length = op.has(3)   ? op.integers(3, "lengths").at(0)
                         : op.has(2) ? op.static_shape(2).at(0)
                                     : shape.at(1);
  const bool onesided = op.integer("onesided", 1) != 0;
  std::vector<int64_t> places;
  const int64_t frames = 1 + (shape[1] - length) / step;
  for (int64_t frame = 0; frame < frames; ++frame) {
    for (int64_t i = 0; i < length; ++i) places.push_back(frame * step + i);
  }
  // [batch, frames, length]
  const Out signal =
      shape.size() == 3 ? to_complex(g, op.in(0)) : to_complex(g, g.expand_dims(op.in(0), -1));
  Out windows = g.gather(signal, g.reshape(g.ints(places), Shape{frames, length}), 1);
  if (op.has(2)) windows = g.mul(windows, g.cast(op.in(2), Graph::type(windows)));
  op.out(from_complex(g, transform(g, windows, false, onesided)));
}

// a0 - a1 cos(2 pi i / N) + a2 cos(4 pi i / N).
void emit_window(const Operation& op, double a0, double a1, double a2) {
  Graph& g = op.g;
  const TF_DataType type = to_tensorflow(static_cast<DataType>(op.integer("output_datatype", 1)));
  const Out size = g.cast(g.reshape(op.in(0), Shape{}), TF_DOUBLE);
  const Out one = g.scalar(TF_DOUBLE, 1);
  const Out period = op.integer("periodic", 1) != 0 ? size : g.sub(size, one);
  const Out numbers = g.range(g.scalar(TF_DOUBLE, 0), size, one);
  const Out angle = g.div(g.mul(numbers, g.scalar(TF_DOUBLE, 2 * M_PI)), period);
  const auto wave = [&](double factor, double times) {
    return g.mul(g.compute("Cos", {g.mul(angle, g.scalar(TF_DOUBLE, times))}),
                 g.scalar(TF_DOUBLE, factor));
  };
  op.out(g.cast(g.add(g.sub(g.scalar(TF_DOUBLE, a0), wave(a1, 1)), wave(a2, 2)), type));
}

// Triangles on a scale of pitch, over the bins of a spectrum. Its inputs are numbers.
void emit_mel_weights(const Operation& op) {
  const auto bands = op.integers(0, "bands").at(0), length = op.integers(1, "lengths").at(0);
  const auto rate = op.integers(2, "rates").at(0);
  const double low = op.numbers(3, "bounds").at(0), high = op.numbers(4, "bounds").at(0);
  const int64_t bins = length / 2 + 1;
  const auto mel = [](double hertz) { return 2595 * std::log10(1 + hertz / 700); };
  const double step = (mel(high) - mel(low)) / static_cast<double>(bands + 2);
  std::vector<int64_t> edges;
  for (int64_t i = 0; i < bands + 2; ++i) {
    const double hertz =
        700 * (std::pow(10.0, (static_cast<double>(i) * step + mel(low)) / 2595) - 1);
    edges.push_back(
        static_cast<int64_t>(static_cast<double>(length + 1) * hertz / static_cast<double>(rate)));
  }
  std::vector<double> weights(static_cast<size_t>(bins * bands), 0);
  for (int64_t band = 0; band < bands; ++band) {
    const auto at = static_cast<size_t>(band);
    const int64_t left = edges[at], centre = edges[at + 1], right = edges[at + 2];
    const auto set = [&](int64_t bin, double weight) {
      weights.at(static_cast<size_t>(bin * bands + band)) = weight;
    };
    if (left == centre) set(centre, 1);
    for (int64_t bin = left; left != centre && bin <= centre; ++bin) {
      set(bin, static_cast<double>(bin - left) / static_cast<double>(centre - left));
    }
    for (int64_t bin = centre; centre != right && bin < right; ++bin) {
      set(bin, static_cast<double>(right - bin) / static_cast<double>(right - centre));
    }
  }
  const TF_DataType type = to_tensorflow(static_cast<DataType>(op.integer("output_datatype", 1)));
  op.out(op.g.floats(type, {bins, bands}, weights));
}

}  // namespace

Operators signal_operators() {
  return {
      {"BlackmanWindow", [](const Operation& op) { emit_window(op, 0.42, 0.5, 0.08); }},
      {"DFT", emit_dft},
      {"HammingWindow", [](const Operation& op) { emit_window(op, 25.0 / 46, 1 - 25.0 / 46, 0); }},
      {"HannWindow", [](const Operation& op) { emit_window(op, 0.5, 0.5, 0); }},
      {"MelWeightMatrix", emit_mel_weights},
      {"STFT", emit_stft},
  };
}

}  // namespace dnnbench::tf
