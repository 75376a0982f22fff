#include "results/take_numbers.h"

#include <gtest/gtest.h>

namespace dnnbench {
namespace {

using Numbers = std::vector<double>;

TEST(TakeNumbers, TakesTheList) {
  std::string text = "{\"a\": \"data\\\"\", \"data\" :\n[ 0.5,1e-3 ,\t-2\n], \"b\": [1]}";
  EXPECT_EQ(take_numbers(text, "b", "[]"), Numbers{1});
  EXPECT_EQ(text, "{\"a\": \"data\\\"\", \"data\" :\n[ 0.5,1e-3 ,\t-2\n], \"b\": []}");
  EXPECT_EQ(take_numbers(text, "data", "true"), (Numbers{0.5, 0.001, -2}));
  EXPECT_EQ(text, "{\"a\": \"data\\\"\", \"data\" :\ntrue, \"b\": []}");
}

TEST(TakeNumbers, LeavesEverythingElseAlone) {
  for (const char* kept :
       {"{}", "{\"data\": []}", "{\"data\": [1, null]}", "{\"data\": [1, [2]]}", "{\"data\": [1",
        "{\"data\": [1,]}", "{\"data\": 1}", "{\"data\"", "{\"x\": \"\\\"data\\\": [1]\"}",
        "{\"data\": [1], \"data\": [2]}", "", "\"data\"", "{\"data\": [1 2]}"}) {
    std::string text = kept;
    EXPECT_EQ(take_numbers(text, "data", "true"), std::nullopt) << kept;
    EXPECT_EQ(text, kept);
  }
}

}  // namespace
}  // namespace dnnbench
