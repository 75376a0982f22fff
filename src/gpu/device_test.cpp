#include "gpu/device.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

#include "core/error.h"

namespace dnnbench {
namespace {

// The stub's stream (tests/gpu/stub_driver.cpp): how much is on it, and what was done.
class Stub {
 public:
  int pending() const { return library_.find<int()>("stub_pending")(); }
  int launched() const { return library_.find<int()>("stub_launched")(); }
  int graphs() const { return library_.find<int()>("stub_graphs")(); }

 private:
  SharedLibrary library_{DNNBENCH_STUB_DRIVER};
};

std::span<const std::byte> bytes_of(const char* text) {
  return std::as_bytes(std::span(text, std::strlen(text)));
}

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// An inference that turns its input around.
void reverse(const GpuBuffer& input, const GpuBuffer& output) {
  const auto* from = static_cast<const char*>(input.device());
  std::reverse_copy(from, from + input.bytes(), static_cast<char*>(output.device()));
}

TEST(GpuTransfers, CopyInComputeCopyOutAndWait) {
  const Gpu gpu(DNNBENCH_STUB_DRIVER);
  GpuTransfers transfers(gpu, true);
  GpuBuffer& in = transfers.add_input(bytes_of("abc"));
  GpuBuffer& out = transfers.add_output(3);
  EXPECT_FALSE(transfers.compute_s());
  int pending_while_computing = 0;
  transfers.run([&] {
    pending_while_computing = Stub().pending();
    reverse(in, out);
  });
  EXPECT_EQ(pending_while_computing, 2);  // the copy and the event
  EXPECT_EQ(Stub().pending(), 0);         // idle before the process can be paused
  EXPECT_EQ(text_of(transfers.output(0)), "cba");
  EXPECT_GE(transfers.compute_s().value(), 0);
}

TEST(GpuTransfers, WithoutCopiesTheHostsMemoryIsNotRead) {
  const Gpu gpu(DNNBENCH_STUB_DRIVER);
  GpuTransfers transfers(gpu, false);
  GpuBuffer& in = transfers.add_input(bytes_of("abc"));
  GpuBuffer& out = transfers.add_output(3);
  std::memcpy(in.host(), "xyz", 3);
  int pending_while_computing = 0;
  transfers.run([&] {
    pending_while_computing = Stub().pending();
    reverse(in, out);
  });
  EXPECT_EQ(pending_while_computing, 1);  // the event alone
  EXPECT_EQ(text_of(transfers.output(0)), "cba");
}

TEST(GpuTransfers, AGraphIsLaunchedInPlaceOfTheCalls) {
  const Gpu gpu(DNNBENCH_STUB_DRIVER);
  GpuTransfers transfers(gpu, true);
  int calls = 0;
  const auto enqueue = [&] { ++calls; };
  transfers.run(enqueue);
  transfers.capture(enqueue);
  const int launched = Stub().launched();
  transfers.run(enqueue);
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(Stub().launched(), launched + 1);
}

TEST(GpuTransfers, GraphsAreGivenBack) {
  const Gpu gpu(DNNBENCH_STUB_DRIVER);
  const int before = Stub().graphs();
  {
    GpuTransfers transfers(gpu, true);
    transfers.capture([] {});
    EXPECT_EQ(Stub().graphs(), before + 1);  // the executable one alone
    transfers.clear();
    EXPECT_EQ(Stub().graphs(), before);
    transfers.capture([] {});
  }
  EXPECT_EQ(Stub().graphs(), before);
}

TEST(GpuTransfers, ACaptureThatFailsIsEnded) {
  const Gpu gpu(DNNBENCH_STUB_DRIVER);
  GpuTransfers transfers(gpu, true);
  const int before = Stub().graphs();
  EXPECT_THROW(transfers.capture([] { throw Error("an engine fails"); }), Error);
  EXPECT_EQ(Stub().graphs(), before);
  const int launched = Stub().launched();
  transfers.run([] {});
  EXPECT_EQ(Stub().launched(), launched);
}

TEST(Gpu, SaysWhatFailed) {
  setenv("DNNBENCH_STUB_GPU", "failing", 1);
  EXPECT_THROW(Gpu gpu(DNNBENCH_STUB_DRIVER), std::exception);
  unsetenv("DNNBENCH_STUB_GPU");
  const Gpu gpu(DNNBENCH_STUB_DRIVER);
  EXPECT_EQ(gpu.sm(), 75);
  EXPECT_FALSE(gpu.has_tf32());
  EXPECT_THROW(gpu.check(2, "allocating"), std::bad_alloc);
  try {
    gpu.check(999, "allocating");
    FAIL();
  } catch (const std::exception& error) {
    EXPECT_STREQ(error.what(), "allocating failed with CUDA error 999: unknown error");
  }
}

TEST(PrepareEnvironment, LeavesOneGpuAndNoTf32) {
  prepare_environment("GPU-1", false);
  EXPECT_STREQ(std::getenv("CUDA_VISIBLE_DEVICES"), "GPU-1");
  EXPECT_STREQ(std::getenv("NVIDIA_TF32_OVERRIDE"), "0");
  prepare_environment("GPU-1", true);
  EXPECT_EQ(std::getenv("NVIDIA_TF32_OVERRIDE"), nullptr);
  unsetenv("CUDA_VISIBLE_DEVICES");
}

}  // namespace
}  // namespace dnnbench
