#include "import/grams.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace dnnbench::import {
namespace {

Attribute ints(std::vector<int64_t> values) {
  Attribute attribute;
  attribute.ints = std::move(values);
  return attribute;
}

Attribute number(int64_t value) {
  Attribute attribute;
  attribute.i = value;
  return attribute;
}

// Two grams of one item, then two of two: pool [2, 3, 5, 4, 5, 6].
Node vectorizer(int64_t min_size, int64_t max_size) {
  Node node;
  node.op = "TfIdfVectorizer";
  node.attributes = {{"ngram_counts", ints({0, 2})},
                     {"ngram_indexes", ints({3, 0, 1, 4})},
                     {"min_gram_length", number(min_size)},
                     {"max_gram_length", number(max_size)}};
  return node;
}

TEST(Grams, AreSplitBySize) {
  const std::vector<Grams> grams = read_grams(vectorizer(1, 2), 6);
  ASSERT_EQ(grams.size(), 2U);
  EXPECT_EQ(grams[0].items, (std::vector<int64_t>{0, 1}));
  EXPECT_EQ(grams[0].outputs, (std::vector<int64_t>{3, 0}));
  EXPECT_EQ(grams[1].items, (std::vector<int64_t>{2, 3, 4, 5}));
  EXPECT_EQ(grams[1].outputs, (std::vector<int64_t>{1, 4}));
  EXPECT_EQ(gram_output_count(vectorizer(1, 2)), 5);
}

TEST(Grams, ThoseOfOtherSizesAreLeftOut) {
  const std::vector<Grams> grams = read_grams(vectorizer(2, 2), 6);
  ASSERT_EQ(grams.size(), 1U);
  EXPECT_EQ(grams[0].size, 2);
  EXPECT_EQ(grams[0].outputs, (std::vector<int64_t>{1, 4}));
}

TEST(Grams, AttributesThatContradictEachOtherAreUnsupported) {
  EXPECT_THROW(read_grams(vectorizer(1, 2), 60), Unsupported);
  EXPECT_THROW(read_grams(vectorizer(1, 2), 1), Unsupported);
}

TEST(Grams, WindowsSkipItems) {
  EXPECT_EQ(gram_windows(5, 2, 3), (std::vector<int64_t>{0, 3, 1, 4}));
  EXPECT_TRUE(gram_windows(2, 3, 1).empty());
}

TEST(Grams, WeightsBelongToOutputs) {
  Node node = vectorizer(1, 2);
  Attribute weights;
  weights.floats = {1, 2, 3, 4};
  node.attributes["weights"] = weights;
  EXPECT_TRUE(gram_weights(node).empty());
  Attribute mode;
  mode.s = "TFIDF";
  node.attributes["mode"] = mode;
  EXPECT_EQ(gram_weights(node), (std::vector<double>{2, 3, 1, 1, 4}));
}

}  // namespace
}  // namespace dnnbench::import
