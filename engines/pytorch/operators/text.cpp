// What counts or compares items of a vocabulary. The library has no strings.
#include <fmt/format.h>

#include "import/grams.h"
#include "operators.h"
#include "types.h"

namespace dnnbench::pytorch {
namespace {

// x [rows, length] or [length] -> counts [rows, outputs] or [outputs].
void emit_tfidf(Operation& op) {
  op.require(op.node.attribute("pool_int64s") != nullptr, "a pool of strings");
  const auto pool = op.node.integers("pool_int64s");
  const int64_t length = op.size(0, -1), width = import::gram_output_count(op.node);
  const std::string rows = op.let(fmt::format("{}.to(4).reshape([-1, {}])", op.in(0), length));
  std::string y = op.let(fmt::format("torch.zeros([{}.size(0), {}], dtype=6)", rows, width));
  for (const import::Grams& grams : import::read_grams(op.node, pool.size())) {
    std::vector<int64_t> items;
    for (const int64_t item : grams.items) items.push_back(pool[static_cast<size_t>(item)]);
    const std::string wanted =
        op.let(fmt::format("{}.reshape([-1, {}])", op.ints_constant(items), grams.size));
    const std::string outputs = op.ints_constant(grams.outputs);
    const int64_t skips = grams.size == 1 ? 0 : op.node.integer("max_skip_count", 0);
    for (int64_t step = 1; step <= skips + 1; ++step) {
      const auto windows = import::gram_windows(length, grams.size, step);
      if (windows.empty()) continue;
      y = op.let(op.call("count_grams", {y, rows, op.ints_constant(windows), wanted, outputs}));
    }
  }
  std::string result = y;
  if (op.node.text("mode", "TF") == "IDF") result = fmt::format("torch.clamp({}, None, 1)", y);
  const std::vector<double> weights = import::gram_weights(op.node);
  if (!weights.empty()) {
    result = fmt::format("{} * {}", result, op.floats_constant(weights, DataType::kFloat32));
  }
  op.out(op.rank(0) == 1 ? fmt::format("({}).reshape([{}])", result, width) : result,
         DataType::kFloat32);
}

}  // namespace

Operators text_operators() {
  Operators table;
  table["TfIdfVectorizer"] = emit_tfidf;
  return table;
}

}  // namespace dnnbench::pytorch
