#include "failure.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace dnnbench {
namespace {

// What rethrow makes of an exception that the library would throw with that text.
template <typename Thrown>
std::string text_of(const std::string& text) {
  try {
    translating_failures([&] { OPENVINO_THROW(text); });
  } catch (const Thrown& thrown) {
    return thrown.what();
  }
  return "nothing of that type was thrown";
}

TEST(Failure, OfAMissingOperatorIsUnsupportedAndNamesIt) {
  EXPECT_EQ(text_of<Unsupported>("Check 'false' failed at src/frontends/report.cpp:151:\n"
                                 "FrontEnd API failed with OpConversionFailure:\n"
                                 "Model wasn't fully converted.\nSummary:\n"
                                 "-- No conversion rule found for operations: Det-22\n\n"),
            "OpenVINO: No conversion rule found for operations: Det-22");
}

TEST(Failure, OfAnOperatorThatCantBeConvertedIsUnsupported) {
  EXPECT_EQ(
      text_of<Unsupported>("Failed operations detailed log:\n"
                           "-- GridSample-22 with a message:\n"
                           "While validating ONNX node '<Node(GridSample): Y>':\n"
                           "GridSample takes 4D input tensors. Got rank: 5\n"
                           "Summary:\n-- Conversion is failed for: GridSample-22\n"),
      "OpenVINO: GridSample-22 with a message: GridSample takes 4D input tensors. Got rank: 5");
}

TEST(Failure, OfAnAllocationIsStillThat) {
  EXPECT_EQ(text_of<std::bad_alloc>("Check 'false' failed at src/plugin.cpp:12:\n"
                                    "Loading input model std::bad_alloc\n"),
            std::string("std::bad_alloc"));
}

TEST(Failure, OfAModelThatIsWrongIsAnError) {
  EXPECT_EQ(text_of<Error>("Check 'a == b' failed at src/core/shape.cpp:7:\nShapes differ\n"),
            "OpenVINO: Shapes differ");
}

}  // namespace
}  // namespace dnnbench
