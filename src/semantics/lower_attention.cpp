// Attention, and what turns its positions.
#include <algorithm>
#include <cmath>
#include <limits>

#include "composite.h"
#include "core/error.h"

namespace dnnbench::semantics {
namespace {

constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();

// [batch, turns, heads * size] -> [batch, heads, turns, size].
std::string split_heads(Composite& c, const std::string& x, int64_t heads) {
  if (heads < 1) throw Unsupported("its number of heads is not known");
  return c.transpose(c.reshape(x, {0, 0, heads, -1}), {0, 2, 1, 3});
}

std::string join_heads(Composite& c, const std::string& x) {
  return c.reshape(c.transpose(x, {0, 2, 1, 3}), {0, 0, -1});
}

// Each head as often as it is shared: [h0, h0, h1, h1, ...].
std::string repeat_heads(Composite& c, const std::string& x, int64_t heads, int64_t times) {
  if (times == 1) return x;
  Shape indices;
  for (int64_t i = 0; i < heads * times; ++i) indices.push_back(i / times);
  return c.add("Gather", {x, c.integers(indices)}, {{"axis", int64_t{1}}});
}

// 0 where the condition holds, another number elsewhere.
std::string allow(Composite& c, const std::string& condition, DataType type,
                  double otherwise = kMinusInfinity) {
  return c.add("Where", {condition, c.number(0, type), c.number(otherwise, type)});
}

// Minus infinity for the keys behind each query.
std::string causal(Composite& c, DataType type, int64_t queries, int64_t keys, int64_t past) {
  Tensor tensor = make_tensor(type, {queries, keys});
  std::vector<double> values;
  for (int64_t query = 0; query < queries; ++query) {
    for (int64_t key = 0; key < keys; ++key) {
      values.push_back(key <= query + past ? 0 : kMinusInfinity);
    }
  }
  from_doubles(values, tensor);
  return c.constant(std::move(tensor));
}

std::string positions(Composite& c, int64_t count) {
  Shape numbers;
  for (int64_t i = 0; i < count; ++i) numbers.push_back(i);
  return c.integers(numbers);
}

int64_t known(int64_t size) {
  if (size < 0) throw Unsupported("the sizes of its inputs are not known");
  return size;
}

// What ONNX's Attention is given, with four dimensions and the past in front.
struct Sequences {
  std::string query, key, value;
  int64_t heads = 0, shared_heads = 0, size = 0;
  int64_t queries = 0, keys = 0, past = 0;
};

Sequences read_sequences(Composite& c) {
  const bool flat = c.rank(0) == 3;
  const Shape q = c.shape(0), k = c.shape(1);
  Sequences s;
  s.heads = flat ? c.node.integer("q_num_heads", 0) : known(q[1]);
  s.shared_heads = flat ? c.node.integer("kv_num_heads", 0) : known(k[1]);
  const auto of = [&](size_t index, int64_t heads) {
    return flat ? split_heads(c, c.in(index), heads) : c.in(index);
  };
  s.query = of(0, s.heads);
  s.key = of(1, s.shared_heads);
  s.value = of(2, s.shared_heads);
  s.size = known(q.back()) / (flat ? s.heads : 1);
  s.queries = q[flat ? 1 : 2];
  s.keys = k[flat ? 1 : 2];
  if (c.has(4)) {
    s.past = known(c.shape(4)[2]);
    s.keys = known(s.keys) + s.past;
    s.key = c.add("Concat", {c.in(4), s.key}, {{"axis", int64_t{2}}});
    s.value = c.add("Concat", {c.in(5), s.value}, {{"axis", int64_t{2}}});
  }
  return s;
}

// What is to be added to the products of queries and keys; "" nothing.
std::string mask_of(Composite& c, DataType type, const Sequences& s) {
  std::string sum;
  const auto add = [&](const std::string& part) {
    sum = sum.empty() ? part : c.add("Add", {sum, part});
  };
  if (c.has(3)) {
    std::string mask = c.in(3);
    if (c.type(3) == DataType::kBool) {
      mask = allow(c, mask, type);
    } else if (c.type(3) != type) {
      mask = c.cast(mask, type);
    }
    const int64_t missing = s.keys < 0 ? 0 : s.keys - known(c.shape(3).back());
    if (missing > 0) {
      Shape pads(2 * static_cast<size_t>(c.rank(3)), 0);
      pads.back() = missing;
      mask = c.add("Pad", {mask, c.integers(pads), c.number(kMinusInfinity, type)});
    }
    add(mask);
  }
  if (c.node.integer("is_causal", 0) != 0) {
    add(causal(c, type, known(s.queries), known(s.keys), s.past));
  }
  if (c.has(6)) {
    const std::string lengths = c.unsqueeze(c.cast(c.in(6), DataType::kInt64), {1});
    const std::string there = c.add("Less", {positions(c, known(s.keys)), lengths});
    add(c.unsqueeze(allow(c, there, type), {1, 2}));
  }
  return sum;
}

// (https://onnx.ai/onnx/operators/onnx__Attention.html), with the cap before the mask, and nothing
// of a query that may attend to no key, as its corrected form and ONNX Runtime have it.
void attention(Composite& c) {
  const DataType given = c.type(0);
  // Sixteen bits are too few for what lies between.
  const bool narrow = given == DataType::kFloat16 || given == DataType::kBfloat16;
  const DataType type = narrow ? DataType::kFloat32 : given;
  const auto wide = [&](const std::string& x) { return narrow ? c.cast(x, type) : x; };
  const auto back = [&](const std::string& x) { return narrow ? c.cast(x, given) : x; };
  const Sequences s = read_sequences(c);
  c.out(1, s.key);
  c.out(2, s.value);
  const int64_t times = s.heads / s.shared_heads;
  const double scale = c.node.number("scale", 1 / std::sqrt(static_cast<double>(s.size)));
  const double root = std::sqrt(scale);
  const std::string key = wide(repeat_heads(c, s.key, s.shared_heads, times));
  const std::string turned = c.transpose(c.scaled(key, root, type), {0, 1, 3, 2});
  std::vector<std::string> stages{c.add("MatMul", {c.scaled(wide(s.query), root, type), turned})};
  std::string scores = stages[0];
  if (const double cap = c.node.number("softcap", 0); cap > 0) {
    scores = c.scaled(c.add("Tanh", {c.scaled(scores, 1 / cap, type)}), cap, type);
  }
  stages.push_back(scores);
  const std::string mask = mask_of(c, type, s);
  if (!mask.empty()) scores = c.add("Add", {scores, mask});
  stages.push_back(scores);
  const auto precision = static_cast<DataType>(c.node.integer("softmax_precision", 0));
  const bool other = precision != DataType::kUndefined && precision != type;
  if (other) scores = c.cast(scores, precision);
  std::string weights = c.add("Softmax", {scores}, {{"axis", int64_t{-1}}});
  if (other) weights = c.cast(weights, type);
  const std::string value = wide(repeat_heads(c, s.value, s.shared_heads, times));
  std::string y = c.add("MatMul", {weights, value});
  const auto mode = static_cast<size_t>(c.node.integer("qk_matmul_output_mode", 0));
  if (c.has(3) || c.has(6)) {
    const std::string most =
        c.add("ReduceMax", {mask, c.integers({-1})}, {{"keepdims", int64_t{1}}});
    const std::string sees = c.add("Greater", {most, c.number(kMinusInfinity, type)});
    y = c.add("Where", {sees, y, c.number(0, type)});
    if (mode == 3 && c.wants(3)) weights = c.add("Where", {sees, weights, c.number(0, type)});
  }
  stages.push_back(weights);
  y = back(y);
  c.out(0, c.rank(0) == 3 ? join_heads(c, y) : y);
  if (mode >= stages.size()) throw Unsupported("its qk_matmul_output_mode is unknown");
  c.out(3, back(stages[mode]));
}

// What com.microsoft's masks allow: of each key; the end, or end and start, of each sequence; or of
// each query and key.
std::string packed_mask(Composite& c, int64_t batch, int64_t keys) {
  const Shape shape = c.static_shape(3);
  const std::string mask = c.cast(c.in(3), DataType::kInt64);
  std::string there;
  if (shape.size() == 1) {
    if (shape[0] != batch && shape[0] != 2 * batch) throw Unsupported("it has a mask of that form");
    const bool both = shape[0] == 2 * batch;
    const auto parts = c.split(mask, 0, both ? Shape{batch, batch} : Shape{batch});
    const std::string at = positions(c, keys);
    there = c.add("Less", {at, c.unsqueeze(parts[0], {1})});
    if (both) {
      const std::string begun = c.add("GreaterOrEqual", {at, c.unsqueeze(parts[1], {1})});
      there = c.add("And", {there, begun});
    }
  } else if (shape.size() < 4) {
    there = c.add("Greater", {mask, c.number(0, DataType::kInt64)});
  } else {
    throw Unsupported("it has a mask of that form");
  }
  const std::string bias = allow(c, there, c.type(0), c.node.number("mask_filter_value", -10000));
  return c.unsqueeze(bias, shape.size() == 3 ? Shape{1} : Shape{1, 2});
}

// com.microsoft's, of one matrix for queries, keys and values: x, weights, bias, mask, past, bias
// of the scores.
void packed_attention(Composite& c) {
  if (c.node.integer("do_rotary", 0) != 0) throw Unsupported("it turns its positions by itself");
  if (c.has(6)) throw Unsupported("its past lies in a buffer that it shares");
  const DataType type = c.type(0);
  const Shape x_shape = c.static_shape(0);
  const int64_t width = c.static_shape(1)[1], heads = c.node.integer("num_heads", 1);
  const Shape sizes = c.node.integers("qkv_hidden_sizes", {width / 3, width / 3, width / 3});
  std::string x = c.add("MatMul", {c.in(0), c.in(1)});
  if (c.has(2)) x = c.add("Add", {x, c.in(2)});
  std::vector<std::string> parts = c.split(x, 2, sizes);
  for (std::string& part : parts) part = split_heads(c, part, heads);
  const int64_t queries = x_shape[1];
  int64_t past = 0;
  if (c.has(4)) {
    past = c.static_shape(4)[3];
    for (int64_t i = 0; i < 2; ++i) {
      const std::string before =
          c.add("Gather", {c.in(4), c.number(static_cast<double>(i), DataType::kInt64)},
                {{"axis", int64_t{0}}});
      std::string& part = parts.at(static_cast<size_t>(i) + 1);
      part = c.add("Concat", {before, part}, {{"axis", int64_t{2}}});
    }
  }
  double scale = c.node.number("scale", 0);
  if (scale == 0) scale = 1 / std::sqrt(static_cast<double>(sizes[0] / heads));
  std::string scores = c.add("MatMul", {parts[0], c.transpose(parts[1], {0, 1, 3, 2})});
  scores = c.scaled(scores, scale, type);
  const int64_t keys = queries + past;
  if (c.has(3)) scores = c.add("Add", {scores, packed_mask(c, x_shape[0], keys)});
  if (c.has(5)) scores = c.add("Add", {scores, c.in(5)});
  if (c.node.integer("unidirectional", 0) != 0) {
    scores = c.add("Add", {scores, causal(c, type, queries, keys, past)});
  }
  const std::string weights = c.add("Softmax", {scores}, {{"axis", int64_t{-1}}});
  c.out(0, join_heads(c, c.add("MatMul", {weights, parts[2]})));
  if (!c.wants(1)) return;
  c.out(1, c.add("Concat", {c.unsqueeze(parts[1], {0}), c.unsqueeze(parts[2], {0})},
                 {{"axis", int64_t{0}}}));
}

// Every second element from that one on of the last of four dimensions.
std::string every_second(Composite& c, const std::string& x, int64_t first, int64_t size) {
  return c.add("Slice",
               {x, c.integers({first}), c.integers({size}), c.integers({3}), c.integers({2})});
}

// Pairs of each head's elements are turned by an angle that depends on the position.
void rotary_embedding(Composite& c) {
  const bool flat = c.rank(0) == 3;
  // com.microsoft has the positions second.
  const bool ours = c.node.domain.empty();
  const size_t places = ours ? 3 : 1, cosines = ours ? 1 : 2, sines = ours ? 2 : 3;
  if (!ours && c.rank(places) != 2) throw Unsupported("its positions are an offset");
  const int64_t width = known(c.shape(0).back());
  int64_t heads = c.node.integer("num_heads", 0);
  if (flat && heads == 0) heads = width / (2 * known(c.shape(cosines).back()));
  const std::string x = flat ? c.reshape(c.in(0), {0, 0, heads, -1}) : c.in(0);
  const int64_t size = flat ? width / heads : width;
  const int64_t given = c.node.integer("rotary_embedding_dim", 0);
  const int64_t rotated = given == 0 ? size : given, half = rotated / 2;
  const auto angle = [&](size_t index) {
    std::string table = c.in(index);
    if (c.has(places)) {
      const std::string at = c.cast(c.in(places), DataType::kInt64);
      table = c.add("Gather", {table, at}, {{"axis", int64_t{0}}});
    }
    return c.unsqueeze(table, {flat ? 2 : 1});
  };
  const std::string cosine = angle(cosines), sine = angle(sines);
  const auto parts = c.split(x, 3, rotated == size ? Shape{size} : Shape{rotated, size - rotated});
  const bool interleaved = c.node.integer("interleaved", 0) != 0;
  const auto pairs = interleaved ? std::vector<std::string>{every_second(c, parts[0], 0, rotated),
                                                            every_second(c, parts[0], 1, rotated)}
                                 : c.split(parts[0], 3, {half, half});
  const auto product = [&](const std::string& a, const std::string& b) {
    return c.add("Mul", {a, b});
  };
  const std::string real = c.add("Sub", {product(cosine, pairs[0]), product(sine, pairs[1])});
  const std::string imaginary = c.add("Add", {product(sine, pairs[0]), product(cosine, pairs[1])});
  std::string turned;
  if (interleaved) {
    const std::string both = c.add("Concat", {c.unsqueeze(real, {4}), c.unsqueeze(imaginary, {4})},
                                   {{"axis", int64_t{4}}});
    turned = c.reshape(both, {0, 0, 0, rotated});
  } else {
    turned = c.add("Concat", {real, imaginary}, {{"axis", int64_t{3}}});
  }
  if (parts.size() > 1) turned = c.add("Concat", {turned, parts[1]}, {{"axis", int64_t{3}}});
  c.out(flat ? c.reshape(turned, {0, 0, width}) : turned);
}

}  // namespace

LowerTable lower_attention() {
  return {
      {"Attention", attention},
      {"RotaryEmbedding", rotary_embedding},
      {"com.microsoft.Attention", packed_attention},
      {"com.microsoft.RotaryEmbedding", rotary_embedding},
  };
}

}  // namespace dnnbench::semantics
