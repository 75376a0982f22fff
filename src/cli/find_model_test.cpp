#include "cli/find_model.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace dnnbench {
namespace {

TEST(FindModel, SuggestsTheNearestName) {
  try {
    find_model("yolov5", "run");
    FAIL() << "there is no such model";
  } catch (const UsageError& error) {
    EXPECT_EQ(std::string(error.what()), "there is no model file yolov5; did you mean yolov4?");
  }
}

}  // namespace
}  // namespace dnnbench
