#include "import/grams.h"

#include <algorithm>

#include "core/error.h"

namespace dnnbench::import {

std::vector<Grams> read_grams(const Node& node, size_t pool_size) {
  const auto starts = node.integers("ngram_counts"), outputs = node.integers("ngram_indexes");
  const auto pool = static_cast<int64_t>(pool_size);
  const int64_t min_size = node.integer("min_gram_length", 1),
                max_size = node.integer("max_gram_length", 1);
  std::vector<Grams> all;
  size_t next = 0;
  for (size_t i = 0; i < starts.size(); ++i) {
    const int64_t end = i + 1 < starts.size() ? starts[i + 1] : pool;
    Grams grams{static_cast<int64_t>(i) + 1, {}, {}};
    const int64_t count = (end - starts[i]) / grams.size;
    if (starts[i] < 0 || end > pool || count < 0 || next + count > outputs.size()) {
      throw Unsupported("its ngram_counts, ngram_indexes and pool contradict each other");
    }
    for (int64_t item = starts[i]; item < end; ++item) grams.items.push_back(item);
    for (int64_t k = 0; k < count; ++k) grams.outputs.push_back(outputs[next++]);
    if (count != 0 && grams.size >= min_size && grams.size <= max_size)
      all.push_back(std::move(grams));
  }
  return all;
}

std::vector<int64_t> gram_windows(int64_t length, int64_t size, int64_t step) {
  const int64_t count = length - step * (size - 1);
  std::vector<int64_t> places;
  for (int64_t i = 0; i < count * size; ++i) places.push_back(i / size + i % size * step);
  return places;
}

int64_t gram_output_count(const Node& node) {
  const auto outputs = node.integers("ngram_indexes");
  return outputs.empty() ? 0 : *std::max_element(outputs.begin(), outputs.end()) + 1;
}

std::vector<double> gram_weights(const Node& node) {
  const Attribute* weights = node.attribute("weights");
  if (weights == nullptr || node.text("mode", "TF") == "TF") return {};
  const auto outputs = node.integers("ngram_indexes");
  // A weight belongs to a gram.
  std::vector<double> of_output(static_cast<size_t>(gram_output_count(node)), 1);
  for (size_t i = 0; i < std::min(outputs.size(), weights->floats.size()); ++i) {
    of_output.at(static_cast<size_t>(outputs[i])) = weights->floats[i];
  }
  return of_output;
}

}  // namespace dnnbench::import
