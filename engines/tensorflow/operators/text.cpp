// Operators on strings, and those that look values up.
#include <map>

#include "core/error.h"
#include "import/grams.h"
#include "operators.h"

namespace dnnbench::tf {
namespace {

void emit_string_concat(const Operation& op) {
  Graph& g = op.g;
  const Out shape = g.call("BroadcastArgs", {g.shape_tensor(op.in(0)), g.shape_tensor(op.in(1))});
  const auto whole = [&](size_t i) { return g.call("BroadcastTo", {op.in(i), shape}); };
  op.out(g.call("StringJoin", {Outs{whole(0), whole(1)}}));
}

void emit_regex(const Operation& op) {
  op.out(op.g.call("RegexFullMatch", {op.in(0), op.g.text(op.node.text("pattern", ""))}));
}

Out change_case(Graph& g, Out x, const std::string& action) {
  const std::string encoding = "utf-8";
  if (action == "LOWER") return g.call("StringLower", {x}, {{"encoding", encoding}});
  if (action == "UPPER") return g.call("StringUpper", {x}, {{"encoding", encoding}});
  return x;
}

void emit_string_normalizer(const Operation& op) {
  Graph& g = op.g;
  const Out x = op.in(0);
  const auto axis = static_cast<int64_t>(op.rank(0)) - 1;
  const std::string action = op.node.text("case_change_action", "NONE");
  Out kept = x;
  const auto* stopwords = op.node.attribute("stopwords");
  if (stopwords != nullptr && !stopwords->strings.empty()) {
    const bool sensitive = op.integer("is_case_sensitive", 0) != 0;
    const auto compared = [&](Out text) {
      return sensitive ? text : change_case(g, text, "LOWER");
    };
    const Out flat = g.reshape(x, Shape{-1});
    Out keep = g.call("Fill", {g.call("Shape", {flat}), g.cast(g.int_scalar(1), TF_BOOL)});
    for (const std::string& word : stopwords->strings) {
      keep = g.call("LogicalAnd",
                    {keep, g.call("NotEqual", {compared(flat), compared(g.text(word))})});
    }
    kept = g.gather(x, g.reshape(g.call("Where", {keep}), Shape{-1}), axis);
    // Where nothing is left, one empty string is.
    const Out none = g.equal(g.call("Size", {kept}, {{"out_type", TF_INT64}}), g.long_scalar(0));
    std::vector<int64_t> paddings(2 * static_cast<size_t>(axis) + 2, 0);
    const Out zeros = g.reshape(g.longs(paddings), Shape{-1, 2});
    paddings.back() = 1;
    const Out one = g.reshape(g.longs(paddings), Shape{-1, 2});
    kept = g.call("PadV2", {kept, g.select(none, one, zeros), g.text("")});
  }
  op.out(change_case(g, kept, action));
}

void emit_string_split(const Operation& op) {
  Graph& g = op.g;
  const Out x = op.in(0);
  const Out flat = g.reshape(x, Shape{-1});
  const auto* limit = op.node.attribute("maxsplit");
  const int64_t most = limit == nullptr ? -1 : limit->i;
  const std::string delimiter = op.node.text("delimiter", "");
  const Outs parts = g.call_all("StringSplitV2", {flat, g.text(delimiter)}, {{"maxsplit", most}});
  Out places = parts[0], pieces = parts[1];
  if (delimiter.empty()) {
    // Between spaces nothing is empty, but the library may leave an empty rest behind.
    const Out full = g.call("NotEqual", {pieces, g.text("")});
    const Out kept = g.reshape(g.call("Where", {full}), Shape{-1});
    places = g.gather(places, kept, 0);
    pieces = g.gather(pieces, kept, 0);
  }
  const Out rows = g.gather(places, g.int_scalar(0), 1);
  const Out count = g.size_of(flat, 0);
  const Out counts = g.call("UnsortedSegmentSum", {g.call("OnesLike", {rows}), rows, count});
  const Out width = g.maximum(g.reduce("Max", counts, {0}, false), g.long_scalar(0));
  const Out whole = g.call("Pack", {Outs{count, width}}, {{"axis", int64_t{0}}});
  const Out filled = g.call("Fill", {whole, g.text("")});
  const Out dense = g.call("TensorScatterUpdate", {filled, places, pieces});
  const Out shape = g.shape_tensor(x);
  op.out(0, g.reshape(dense, g.concat({shape, g.expand_dims(width, 0)}, 0)));
  op.out(1, g.reshape(counts, shape));
}

// --- LabelEncoder
// ---------------------------------------------------------------------------------

// The keys or values: an attribute for each type, a tensor from opset 4 on.
std::optional<Tensor> labels(const Operation& op, const std::string& kind) {
  const auto vector_of = [](DataType type, size_t count) {
    return make_tensor(type, {static_cast<int64_t>(count)});
  };
  if (const auto* tensor = op.node.attribute(kind + "_tensor")) {
    Tensor copy = tensor->tensor->tensor();
    copy.shape = {copy.element_count()};
    return copy;
  }
  if (const auto* texts = op.node.attribute(kind + "_strings")) {
    Tensor tensor = vector_of(DataType::kString, texts->strings.size());
    tensor.strings = texts->strings;
    return tensor;
  }
  if (const auto* wholes = op.node.attribute(kind + "_int64s")) {
    Tensor tensor = vector_of(DataType::kInt64, wholes->ints.size());
    std::copy(wholes->ints.begin(), wholes->ints.end(), tensor.as<int64_t>().begin());
    return tensor;
  }
  if (const auto* numbers = op.node.attribute(kind + "_floats")) {
    Tensor tensor = vector_of(DataType::kFloat32, numbers->floats.size());
    from_doubles(numbers->floats, tensor);
    return tensor;
  }
  return std::nullopt;
}

Out default_label(const Operation& op, DataType type) {
  Graph& g = op.g;
  if (const auto* tensor = op.node.attribute("default_tensor")) {
    Tensor scalar = tensor->tensor->tensor();
    scalar.shape.clear();
    return g.constant(scalar);
  }
  if (type == DataType::kString) return g.text(op.node.text("default_string", "_Unused"));
  if (type == DataType::kInt64) return g.long_scalar(op.integer("default_int64", -1));
  return g.scalar(to_tensorflow(type), op.number("default_float", 0));
}

void emit_label_encoder(const Operation& op) {
  Graph& g = op.g;
  const auto keys = labels(op, "keys"), values = labels(op, "values");
  if (!keys || !values) throw Unsupported("it maps by the classes of opset 1");
  const Out x = op.in(0);
  const auto rank = static_cast<int64_t>(op.rank(0));
  const Out table = g.constant(*keys), each = g.expand_dims(x, rank);
  Out matches = g.compute("Equal", {each, table});
  if (Graph::type(x) == TF_FLOAT || Graph::type(x) == TF_DOUBLE) {
    const Out both = g.call("LogicalAnd", {g.call("IsNan", {each}), g.call("IsNan", {table})});
    matches = g.call("LogicalOr", {matches, both});
  }
  const Out index = g.call("ArgMax", {g.cast(matches, TF_INT32), g.int_scalar(rank)},
                           {{"output_type", TF_INT64}});
  const Out found = g.call("Any", {matches, g.ints({rank})});
  op.out(g.select(found, g.gather(g.constant(*values), index, 0), default_label(op, values->type)));
}

// --- TfIdfVectorizer
// ------------------------------------------------------------------------------

void emit_tfidf(const Operation& op) {
  Graph& g = op.g;
  const Shape shape = op.static_shape(0);
  const int64_t width = import::gram_output_count(op.node);
  const auto* texts = op.node.attribute("pool_strings");
  const auto numbers = op.node.integers("pool_int64s");
  Out pool;
  if (texts != nullptr) {
    Tensor tensor = make_tensor(DataType::kString, {static_cast<int64_t>(texts->strings.size())});
    tensor.strings = texts->strings;
    pool = g.constant(tensor);
  } else {
    pool = g.cast(g.longs(numbers), op.type(0));
  }
  const int64_t length = shape.back();
  const Out rows = g.reshape(op.in(0), Shape{-1, length});
  Out counts =
      g.call("Fill", {g.longs({width, shape.size() == 1 ? 1 : shape[0]}), g.long_scalar(0)});
  const size_t pool_size = texts != nullptr ? texts->strings.size() : numbers.size();
  for (const import::Grams& grams : import::read_grams(op.node, pool_size)) {
    const Out items = g.reshape(g.gather(pool, g.ints(grams.items), 0), Shape{-1, grams.size});
    const int64_t skips = grams.size == 1 ? 0 : op.integer("max_skip_count", 0);
    for (int64_t step = 1; step <= skips + 1; ++step) {
      const std::vector<int64_t> table = import::gram_windows(length, grams.size, step);
      if (table.empty()) continue;
      // [rows, places, 1, size] against [grams, size]
      const Out windows = g.gather(rows, g.reshape(g.ints(table), Shape{-1, 1, grams.size}), 1);
      const Out same = g.call("All", {g.compute("Equal", {windows, items}), g.ints({3})});
      const Out hits = g.transpose(g.reduce("Sum", g.cast(same, TF_INT64), {1}, false), {1, 0});
      counts = g.add(counts, g.call("UnsortedSegmentSum",
                                    {hits, g.longs(grams.outputs), g.long_scalar(width)}));
    }
  }
  Out y = g.cast(g.transpose(counts, {1, 0}), TF_FLOAT);
  if (op.node.text("mode", "TF") == "IDF") y = g.minimum(y, g.scalar(TF_FLOAT, 1));
  const std::vector<double> weights = import::gram_weights(op.node);
  if (!weights.empty()) y = g.mul(y, g.floats(TF_FLOAT, {width}, weights));
  op.out(shape.size() == 1 ? g.reshape(y, Shape{width}) : y);
}

}  // namespace

Operators text_operators() {
  return {
      {"RegexFullMatch", emit_regex},
      {"StringConcat", emit_string_concat},
      {"StringNormalizer", emit_string_normalizer},
      {"StringSplit", emit_string_split},
      {"TfIdfVectorizer", emit_tfidf},
      {"ai.onnx.ml.LabelEncoder", emit_label_encoder},
  };
}

}  // namespace dnnbench::tf
