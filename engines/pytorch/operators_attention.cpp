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
  table["RotaryEmbedding"] = write_rotary_embedding;
}

}  // namespace dnnbench::pytorch
