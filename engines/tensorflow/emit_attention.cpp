// Attention and what turns its positions.
#include <cmath>
#include <limits>

#include "core/error.h"
#include "matrix.h"
#include "operators.h"

namespace dnnbench::tf {
namespace {

constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();

// [batch, turns, heads * size] -> [batch, heads, turns, size].
Out split_heads(Graph& g, Out x, int64_t heads) {
  const Shape shape = g.shape(x);
  if (heads < 1 || shape[2] < 0) throw Unsupported("its number of heads is not known");
  const Out apart = g.reshape(x, Shape{shape[0], shape[1], heads, shape[2] / heads});
  return g.transpose(apart, {0, 2, 1, 3});
}

Out join_heads(Graph& g, Out x) {
  const Shape shape = g.shape(x);
  return g.reshape(g.transpose(x, {0, 2, 1, 3}), Shape{shape[0], shape[2], shape[1] * shape[3]});
}

// Each head as often as it is shared: [h0, h0, h1, h1, ...].
Out repeat_heads(Graph& g, Out x, int64_t times) {
  if (times == 1) return x;
  const Shape shape = g.shape(x);
  std::vector<int64_t> heads;
  for (int64_t i = 0; i < shape[1] * times; ++i) heads.push_back(i / times);
  return g.gather(x, g.ints(heads), 1);
}

// 0 where the condition holds, minus infinity elsewhere.
Out allow(Graph& g, Out condition, TF_DataType type) {
  return g.select(condition, g.scalar(type, 0), g.scalar(type, kMinusInfinity));
}

struct Sizes {
  int64_t queries;
  int64_t keys;  // with the past
  int64_t past;
};

// What is added to the products of queries and keys; nullopt: nothing.
std::optional<Out> bias(const Emission& n, TF_DataType type, const Sizes& sizes) {
  Graph& g = n.g;
  std::optional<Out> sum;
  const auto add = [&](Out part) { sum = sum ? g.add(*sum, part) : part; };
  if (n.has(3)) {
    Out mask = n.in(3);
    const Shape shape = n.static_shape(3);
    if (Graph::type(mask) == TF_BOOL) mask = allow(g, mask, type);
    mask = g.cast(mask, type);
    if (shape.back() < sizes.keys) {
      std::vector<int64_t> paddings(2 * shape.size(), 0);
      paddings.back() = sizes.keys - shape.back();
      mask = g.call("PadV2", {mask, g.reshape(g.ints(paddings), Shape{-1, 2}),
                              g.scalar(type, kMinusInfinity)});
    }
    add(mask);
  }
  const auto numbers = [&](int64_t count) {
    return g.range(g.long_scalar(0), g.long_scalar(count), g.long_scalar(1));
  };
  if (n.integer("is_causal", 0) != 0) {
    const Out query = g.expand_dims(g.add(numbers(sizes.queries), g.long_scalar(sizes.past)), 1);
    add(allow(g, g.compute("GreaterEqual", {query, g.expand_dims(numbers(sizes.keys), 0)}), type));
  }
  if (n.has(6)) {
    const Out valid =
        g.less(g.expand_dims(numbers(sizes.keys), 0), g.expand_dims(g.cast(n.in(6), TF_INT64), 1));
    add(g.expand_dims(g.expand_dims(allow(g, valid, type), 1), 1));
  }
  return sum;
}

void emit_attention(const Emission& n) {
  Graph& g = n.g;
  const bool flat = n.rank(0) == 3;
  const TF_DataType given = n.type(0);
  const TF_DataType type = given == TF_HALF || given == TF_BFLOAT16 ? TF_FLOAT : given;
  const auto heads = [&](size_t i) {
    return flat ? split_heads(g, n.in(i), n.integer(i == 0 ? "q_num_heads" : "kv_num_heads", 0))
                : n.in(i);
  };
  const Out query = heads(0);
  Out key = heads(1), value = heads(2);
  int64_t past = 0;
  if (n.has(4)) {
    past = n.static_shape(4)[2];
    key = g.concat({n.in(4), key}, 2);
    value = g.concat({n.in(5), value}, 2);
  }
  n.out(1, key);
  n.out(2, value);
  const Shape q = g.shape(query), k = g.shape(key);
  const int64_t shared = q[1] / k[1];
  key = g.cast(repeat_heads(g, key, shared), type);
  value = g.cast(repeat_heads(g, value, shared), type);
  const double scale = std::sqrt(n.number("scale", 1 / std::sqrt(static_cast<double>(q[3]))));
  const auto scaled = [&](Out x) { return g.mul(x, g.scalar_like(x, scale)); };
  Out scores = matrix_product(g, scaled(g.cast(query, type)), scaled(key), false, true);
  const int64_t mode = n.integer("qk_matmul_output_mode", 0);
  Outs stages{scores};
  if (const auto added = bias(n, type, {q[2], k[2], past})) scores = g.add(scores, *added);
  stages.push_back(scores);
  if (const double cap = n.number("softcap", 0); cap > 0) {
    scores = g.mul(g.compute("Tanh", {g.div(scores, g.scalar_like(scores, cap))}),
                   g.scalar_like(scores, cap));
  }
  stages.push_back(scores);
  const Out weights = g.compute("Softmax", {scores});
  stages.push_back(weights);
  const Out y = g.cast(matrix_product(g, weights, value, false, false), given);
  n.out(0, flat ? join_heads(g, y) : y);
  if (n.wants(3)) n.out(3, g.cast(stages.at(static_cast<size_t>(mode)), given));
}

// Pairs of each head's elements are turned by an angle that depends on the position.
void emit_rotary_embedding(const Emission& n) {
  Graph& g = n.g;
  const bool flat = n.rank(0) == 3;
  // com.microsoft has the positions second.
  const bool ours = n.node.domain.empty();
  const size_t positions = ours ? 3 : 1, cosines = ours ? 1 : 2, sines = ours ? 2 : 3;
  const Shape shape = n.static_shape(0);
  Out x = n.in(0);
  if (flat) {
    int64_t heads = n.integer("num_heads", 0);
    if (heads == 0) {
      const int64_t half = n.static_shape(cosines).back();
      heads = shape[2] / (2 * half);
    }
    x = g.reshape(x, Shape{shape[0], shape[1], heads, shape[2] / heads});
  } else {
    x = g.transpose(x, {0, 2, 1, 3});
  }
  const int64_t size = g.shape(x)[3];
  const int64_t rotated =
      n.integer("rotary_embedding_dim", 0) == 0 ? size : n.integer("rotary_embedding_dim", 0);
  const int64_t half = rotated / 2;
  Out cosine = n.in(cosines), sine = n.in(sines);
  if (n.has(positions)) {
    if (!ours && n.static_shape(positions) == Shape{1})
      throw Unsupported("its positions are an offset");
    cosine = g.gather(cosine, n.in(positions), 0);
    sine = g.gather(sine, n.in(positions), 0);
  }
  cosine = g.expand_dims(cosine, 2);
  sine = g.expand_dims(sine, 2);
  const Out turning = g.slice(x, 3, 0, rotated);
  const bool interleaved = n.integer("interleaved", 0) != 0;
  Out first, second;
  if (interleaved) {
    const Outs pairs = g.call_all(
        "Unpack", {g.reshape(turning, Shape{shape[0], g.shape(x)[1], g.shape(x)[2], half, 2})},
        {{"num", int64_t{2}}, {"axis", int64_t{4}}});
    first = pairs[0];
    second = pairs[1];
  } else {
    first = g.slice(turning, 3, 0, half);
    second = g.slice(turning, 3, half, rotated);
  }
  const Out real = g.sub(g.mul(cosine, first), g.mul(sine, second));
  const Out imaginary = g.add(g.mul(sine, first), g.mul(cosine, second));
  Out turned;
  if (interleaved) {
    turned = g.reshape(g.call("Pack", {Outs{real, imaginary}}, {{"axis", int64_t{4}}}),
                       g.shape(turning));
  } else {
    turned = g.concat({real, imaginary}, 3);
  }
  const Out y = rotated == size ? turned : g.concat({turned, g.slice(x, 3, rotated, size)}, 3);
  n.out(flat ? g.reshape(y, shape) : g.transpose(y, {0, 2, 1, 3}));
}

}  // namespace

std::vector<OperatorEntry> attention_operators() {
  return {
      {"Attention", emit_attention},
      {"RotaryEmbedding", emit_rotary_embedding},
      {"com.microsoft.RotaryEmbedding", emit_rotary_embedding},
  };
}

}  // namespace dnnbench::tf
