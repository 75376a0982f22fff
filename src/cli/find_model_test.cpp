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
    EXPECT_EQ(std::string(error.what()),
              "there is no file yolov5, and no model has that name; did you mean yolov4?");
  }
}

TEST(FindModel, ATextThatIsTooLongForAFileIsNone) {
  EXPECT_THROW(find_model(std::string(1000, 'a'), "run"), UsageError);
}

}  // namespace
}  // namespace dnnbench
