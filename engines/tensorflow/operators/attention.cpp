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

// Minus infinity for the keys behind each query.
Out causal(Graph& g, TF_DataType type, const Sizes& sizes) {
  const auto numbers = [&](int64_t begin, int64_t end) {
    return g.range(g.long_scalar(begin), g.long_scalar(end), g.long_scalar(1));
  };
  const Out query = g.expand_dims(numbers(sizes.past, sizes.past + sizes.queries), 1);
  const Out key = g.expand_dims(numbers(0, sizes.keys), 0);
  return allow(g, g.compute("GreaterEqual", {query, key}), type);
}

// What is added to the products of queries and keys; nullopt: nothing.
std::optional<Out> bias(const Operation& n, TF_DataType type, const Sizes& sizes) {
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
  if (n.integer("is_causal", 0) != 0) add(causal(g, type, sizes));
  if (n.has(6)) {
    const Out keys = g.range(g.long_scalar(0), g.long_scalar(sizes.keys), g.long_scalar(1));
    const Out valid = g.less(g.expand_dims(keys, 0), g.expand_dims(g.cast(n.in(6), TF_INT64), 1));
    add(g.expand_dims(g.expand_dims(allow(g, valid, type), 1), 1));
  }
  return sum;
}

void emit_attention(const Operation& n) {
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
  if (const double cap = n.number("softcap", 0); cap > 0) {
    scores = g.mul(g.compute("Tanh", {g.div(scores, g.scalar_like(scores, cap))}),
                   g.scalar_like(scores, cap));
  }
  stages.push_back(scores);
  if (const auto added = bias(n, type, {q[2], k[2], past})) scores = g.add(scores, *added);
  stages.push_back(scores);
  const Out weights = g.compute("Softmax", {scores});
  stages.push_back(weights);
  const Out y = g.cast(matrix_product(g, weights, value, false, false), given);
  n.out(0, flat ? join_heads(g, y) : y);
  if (n.wants(3)) n.out(3, g.cast(stages.at(static_cast<size_t>(mode)), given));
}

// What com.microsoft's masks allow, and `never` elsewhere: of each key; the end, or end and start,
// of each sequence; or of each query and key.
Out packed_mask(const Operation& n, int64_t keys) {
  Graph& g = n.g;
  const Shape shape = n.static_shape(3);
  const int64_t batch = n.static_shape(0)[0];
  const Out mask = g.cast(n.in(3), TF_INT64);
  Out there;
  if (shape.size() == 1) {
    const Out at =
        g.expand_dims(g.range(g.long_scalar(0), g.long_scalar(keys), g.long_scalar(1)), 0);
    const auto part = [&](int64_t i) {
      return g.expand_dims(g.slice(mask, 0, i * batch, (i + 1) * batch), 1);
    };
    if (shape[0] != batch && shape[0] != 2 * batch) throw Unsupported("it has a mask of that form");
    there = g.less(at, part(0));
    if (shape[0] == 2 * batch) {
      there = g.call("LogicalAnd", {there, g.compute("GreaterEqual", {at, part(1)})});
    }
  } else if (shape.size() < 4) {
    there = g.compute("Greater", {mask, g.long_scalar(0)});
  } else {
    throw Unsupported("it has a mask of that form");
  }
  const Out bias = g.select(there, g.scalar(n.type(0), 0),
                            g.scalar(n.type(0), n.number("mask_filter_value", -10000)));
  return shape.size() == 3 ? g.expand_dims(bias, 1) : g.expand_dims(g.expand_dims(bias, 1), 1);
}

// com.microsoft's, of one matrix for queries, keys and values
// (https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.Attention):
// x, weights, bias, mask, past, bias of the scores.
void emit_packed_attention(const Operation& n) {
  Graph& g = n.g;
  if (n.integer("do_rotary", 0) != 0) throw Unsupported("it turns its positions by itself");
  if (n.has(6)) throw Unsupported("its past lies in a buffer that it shares");
  const int64_t width = n.static_shape(1)[1], heads = n.integer("num_heads", 1);
  const auto sizes = n.node.integers("qkv_hidden_sizes", {width / 3, width / 3, width / 3});
  Out x = matrix_product(g, n.in(0), n.in(1), false, false);
  if (n.has(2)) x = g.add(x, n.in(2));
  Outs parts;
  for (int64_t begin = 0; const int64_t size : sizes) {
    parts.push_back(split_heads(g, g.slice(x, 2, begin, begin + size), heads));
    begin += size;
  }
  Out key = parts.at(1), value = parts.at(2);
  if (n.has(4)) {
    key = g.concat({g.gather(n.in(4), g.int_scalar(0), 0), key}, 2);
    value = g.concat({g.gather(n.in(4), g.int_scalar(1), 0), value}, 2);
  }
  const int64_t queries = g.shape(parts[0])[2], keys = g.shape(key)[2];
  double scale = n.number("scale", 0);
  if (scale == 0) scale = 1 / std::sqrt(static_cast<double>(g.shape(parts[0])[3]));
  Out scores = matrix_product(g, parts[0], key, false, true);
  scores = g.mul(scores, g.scalar_like(scores, scale));
  if (n.has(3)) scores = g.add(scores, packed_mask(n, keys));
  if (n.has(5)) scores = g.add(scores, n.in(5));
  if (n.integer("unidirectional", 0) != 0) {
    scores = g.add(scores, causal(g, n.type(0), {queries, keys, keys - queries}));
  }
  const Out weights = g.compute("Softmax", {scores});
  n.out(0, join_heads(g, matrix_product(g, weights, value, false, false)));
  if (n.wants(1)) n.out(1, g.call("Pack", {Outs{key, value}}, {{"axis", int64_t{0}}}));
}

// Pairs of each head's elements are turned by an angle that depends on the position.
void emit_rotary_embedding(const Operation& n) {
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
      {"com.microsoft.Attention", emit_packed_attention},
      {"com.microsoft.RotaryEmbedding", emit_rotary_embedding},
  };
}

}  // namespace dnnbench::tf
