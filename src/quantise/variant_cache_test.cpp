#include "quantise/variant_cache.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "testing/temporary_folder.h"

namespace dnnbench::quantise {
namespace {

namespace fs = std::filesystem;

class VariantCacheTest : public ::testing::Test {
 protected:
  VariantCacheTest() {
    facts_.make_s = 1.5;
    facts_.products = 3;
    facts_.kept_in_f32 = {"c2"};
    std::ofstream(model_) << "a model";
  }

  std::string content(const std::string& path) const {
    std::ifstream file(path);
    std::string text;
    std::getline(file, text);
    return text;
  }

  TemporaryFolder folder_;
  const std::string model_ = folder_ / "model.onnx";
  const std::string found_ = folder_ / "found.onnx";
  const VariantCache cache_{folder_ / "variants"};
  VariantFacts facts_;
};

TEST_F(VariantCacheTest, GivesBackWhatWasStored) {
  EXPECT_FALSE(cache_.find("key", found_));
  cache_.store("key", model_, facts_);
  const auto facts = cache_.find("key", found_);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->make_s, 1.5);
  EXPECT_EQ(facts->products, 3);
  EXPECT_EQ(facts->kept_in_f32, std::vector<std::string>{"c2"});
  EXPECT_TRUE(facts->from_cache);
  EXPECT_EQ(content(found_), "a model");
}

TEST_F(VariantCacheTest, DoesNotTrustABrokenFile) {
  cache_.store("key", model_, facts_);
  std::ofstream(folder_ / "variants/key.onnx") << "another model";
  EXPECT_FALSE(cache_.find("key", found_));
  cache_.store("key", model_, facts_);
  std::ofstream(folder_ / "variants/key.json") << "{\"sha256\": 1}";
  EXPECT_FALSE(cache_.find("key", found_));
}

TEST_F(VariantCacheTest, KeepsTheNewest) {
  for (int i = 0; i < 20; ++i) {
    const std::string key = "key" + std::to_string(i);
    cache_.store(key, model_, facts_);
    const auto when = fs::file_time_type::clock::now() - std::chrono::hours(20 - i);
    fs::last_write_time(folder_ / ("variants/" + key + ".json"), when);
  }
  cache_.store("last", model_, facts_);
  EXPECT_FALSE(cache_.find("key0", found_));
  EXPECT_FALSE(cache_.find("key4", found_));
  EXPECT_TRUE(cache_.find("key19", found_));
  EXPECT_TRUE(cache_.find("last", found_));
}

}  // namespace
}  // namespace dnnbench::quantise
