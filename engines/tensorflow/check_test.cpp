#include "check.h"

#include <gtest/gtest.h>

#include <new>

#include "core/error.h"

namespace dnnbench::tf {
namespace {

void check(TF_Code code, const char* text) {
  Status status;
  TF_SetStatus(status, code, text);
  status.check("running the model");
}

TEST(Status, SaysWhatTensorFlowLacks) {
  EXPECT_NO_THROW(check(TF_OK, ""));
  EXPECT_THROW(check(TF_UNIMPLEMENTED, "no kernel"), Unsupported);
  EXPECT_THROW(check(TF_RESOURCE_EXHAUSTED, "OOM when allocating tensor"), std::bad_alloc);
}

TEST(Status, KnowsOneDnnsOutOfMemoryFromItsOtherFailures) {
  const std::string start = "Operation received an exception:Status: ";
  const std::string end = ", message: could not create a primitive, in file mkl_conv_ops.cc:1112";
  EXPECT_THROW(check(TF_ABORTED, (start + "1" + end).c_str()), std::bad_alloc);
  EXPECT_THROW(check(TF_ABORTED, (start + "2" + end).c_str()), Error);
}

}  // namespace
}  // namespace dnnbench::tf
