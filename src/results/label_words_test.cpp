#include "results/label_words.h"

#include <gtest/gtest.h>

#include <fstream>

namespace dnnbench {
namespace {

// The table that vis/labels_test.py reads, too.
TEST(LabelWords, LabelsOfStoredResults) {
  std::ifstream file(DNNBENCH_REPOSITORY "/tests/labels.json");
  const nlohmann::json table = nlohmann::json::parse(file);
  ASSERT_FALSE(table.empty());
  for (const nlohmann::json& one : table) {
    std::vector<LabelWords> words;
    for (const nlohmann::json& result : one.at("shown")) {
      words.push_back(label_words(result, result.value("quantized", false)));
    }
    EXPECT_EQ(labels_of(words), one.at("labels").get<std::vector<std::string>>()) << one.at("case");
  }
}

TEST(LabelWords, NoneAreNoLabels) { EXPECT_TRUE(labels_of(std::vector<LabelWords>{}).empty()); }

}  // namespace
}  // namespace dnnbench
