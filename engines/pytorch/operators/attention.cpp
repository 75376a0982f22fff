// Attention and what goes with it.
#include <fmt/format.h>

#include <cmath>

#include "operators.h"
#include "types.h"

namespace dnnbench::pytorch {
namespace {

// [batch, sequence, heads * size] -> [batch, heads, sequence, size]; four dimensions stay.
std::string heads(Operation& op, size_t index, int64_t count) {
  if (op.rank(index) == 4) return op.in(index);
  return op.let(fmt::format("{0}.reshape([{0}.size(0), {0}.size(1), {1}, -1]).transpose(1, 2)",
                            op.in(index), count));
}

std::string joined(Operation& op, size_t past, const std::string& now) {
  return op.has(past) ? op.let(fmt::format("torch.cat([{}, {}], 2)", op.in(past), now)) : now;
}

// As the operator's own function body has it
// (https://onnx.ai/onnx/operators/onnx__Attention.html).
void write_attention(Operation& op) {
  const bool flat = op.rank(0) == 3;
  const std::string q = heads(op, 0, op.node.integer("q_num_heads", 0));
  const std::string k = joined(op, 4, heads(op, 1, op.node.integer("kv_num_heads", 0)));
  const std::string v = joined(op, 5, heads(op, 2, op.node.integer("kv_num_heads", 0)));
  const std::string past = op.has(4) ? fmt::format("{}.size(2)", op.in(4)) : "0";
  const std::string scale = op.node.attribute("scale") != nullptr
                                ? number(op.node.number("scale", 1))
                                : op.let(fmt::format("1.0 / float({}.size(3)) ** 0.5", q));
  const int64_t precision = op.node.integer("softmax_precision", 0);
  const std::string wide =
      precision == 0 ? dtype(op.type(0)) : dtype(static_cast<DataType>(precision));
  const std::string result = op.let(
      op.call("attention",
              {q, k, v, op.in_or(3, "None"), op.has(6) ? op.in(6) + ".to(4)" : "None", past, scale,
               truth(op.node.integer("is_causal", 0) != 0), number(op.node.number("softcap", 0)),
               std::to_string(op.node.integer("qk_matmul_output_mode", 0)), wide}));
  std::string y = op.let(result + "[0]");
  if (flat) y = fmt::format("{0}.transpose(1, 2).reshape([{0}.size(0), {0}.size(2), -1])", y);
  op.out(0, y);
  op.out(1, k);
  op.out(2, v);
  op.out(3, result + "[1]");
}

// com.microsoft's, of one matrix for queries, keys and values
// (https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.Attention):
// x, weights, bias, mask, past, bias of the scores.
void write_packed_attention(Operation& op) {
  op.require(op.node.integer("do_rotary", 0) == 0, "positions that it turns by itself");
  op.require(!op.has(6), "a past in a buffer that it shares");
  const int64_t width = op.size(1, 1), count = op.node.integer("num_heads", 1);
  const auto sizes = op.node.integers("qkv_hidden_sizes", {width / 3, width / 3, width / 3});
  const std::string x = op.let(
      fmt::format("torch.matmul({}, {}){}", op.in(0), op.in(1), op.has(2) ? " + " + op.in(2) : ""));
  std::vector<std::string> parts;
  for (int64_t begin = 0; const int64_t size : sizes) {
    parts.push_back(op.let(fmt::format(
        "{0}.narrow(2, {1}, {2}).reshape([{0}.size(0), {0}.size(1), {3}, -1]).transpose(1, 2)", x,
        begin, size, count)));
    begin += size;
  }
  std::string k = parts.at(1), v = parts.at(2), past = "0";
  if (op.has(4)) {
    k = op.let(fmt::format("torch.cat([{}[0], {}], 2)", op.in(4), k));
    v = op.let(fmt::format("torch.cat([{}[1], {}], 2)", op.in(4), v));
    past = fmt::format("{}.size(3)", op.in(4));
  }
  std::string bias = op.in_or(5, "None");
  if (op.has(3)) {
    const std::string never = number(op.node.number("mask_filter_value", -10000));
    const std::string mask = op.call("packed_mask", {op.in(3), op.in(0), k, never});
    bias = op.let(op.has(5) ? fmt::format("{} + {}", mask, bias) : mask);
  }
  const double given = op.node.number("scale", 0);
  const std::string scale =
      given != 0 ? number(given) : op.let(fmt::format("1.0 / float({}.size(3)) ** 0.5", parts[0]));
  const std::string result =
      op.let(op.call("attention", {parts[0], k, v, bias, "None", past, scale,
                                   truth(op.node.integer("unidirectional", 0) != 0), "0.0", "0",
                                   dtype(op.type(0))}));
  op.out(0, fmt::format("{0}[0].transpose(1, 2).reshape([{0}[0].size(0), {0}[0].size(2), -1])",
                        result));
  op.out(1, fmt::format("torch.stack([{}, {}])", k, v));
}

void write_rotary_embedding(Operation& op) {
  op.out(op.call("rotary_embedding",
                 {op.in(0), op.in(1), op.in(2), op.has(3) ? op.in(3) + ".to(4)" : "None",
                  std::to_string(op.node.integer("num_heads", 0)),
                  std::to_string(op.node.integer("rotary_embedding_dim", 0)),
                  truth(op.node.integer("interleaved", 0) != 0)}));
}

}  // namespace

void add_attention(Operators& table) {
  table["Attention"] = write_attention;
  table["com.microsoft.Attention"] = write_packed_attention;
  table["RotaryEmbedding"] = write_rotary_embedding;
}

}  // namespace dnnbench::pytorch
