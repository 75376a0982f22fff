#include "gpu/probe.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "core/error.h"

namespace dnnbench {
namespace {

// What the stub driver (tests/gpu/stub_driver.cpp) plays.
GpuProbe probe_of(const char* part) {
  setenv("DNNBENCH_STUB_GPU", part, 1);
  const GpuProbe probe = probe_gpus(DNNBENCH_STUB_DRIVER);
  unsetenv("DNNBENCH_STUB_GPU");
  return probe;
}

TEST(ProbeGpus, SaysWhyNoGpuCanBeUsed) {
  EXPECT_EQ(probe_gpus("libdnnbench-has-no-such.so").why_not, "this machine has no NVIDIA driver");
  EXPECT_EQ(probe_of("none").why_not, "no GPU is visible to this process");
  EXPECT_EQ(probe_of("old").why_not,
            "the NVIDIA driver is too old for CUDA 13 (it supports CUDA 12.4); install driver 580 "
            "or newer");
  EXPECT_EQ(probe_of("broken").why_not,
            "the NVIDIA driver does not start: CUDA error 999: unknown error");
  EXPECT_EQ(probe_of("failing").why_not, "GPU 0 can't be used: CUDA error 999: unknown error");
}

TEST(ProbeGpus, NamesTheVariableThatHidesThem) {
  setenv("CUDA_VISIBLE_DEVICES", "7", 1);
  const std::string why = probe_of("none").why_not;
  unsetenv("CUDA_VISIBLE_DEVICES");
  EXPECT_EQ(why, "no GPU is visible to this process (CUDA_VISIBLE_DEVICES=7)");
}

TEST(ProbeGpus, AnotherLibraryIsNoDriver) {
  EXPECT_EQ(probe_gpus("libm.so.6").why_not, "libm.so.6 is not a complete NVIDIA driver");
}

TEST(ProbeGpus, ListsDevices) {
  const GpuProbe probe = probe_of("two");
  ASSERT_EQ(probe.why_not, "");
  EXPECT_EQ(probe.cuda, "13.0");
  ASSERT_EQ(probe.devices.size(), 2U);
  const GpuDevice& second = probe.devices[1];
  EXPECT_EQ(second.index, 1);
  EXPECT_EQ(second.name, "Stub T4 1");
  EXPECT_EQ(second.uuid, "GPU-11010203-0405-0607-0809-0a0b0c0d0e0f");
  EXPECT_EQ(second.sm_major * 10 + second.sm_minor, 75);
  EXPECT_EQ(second.memory_bytes, int64_t{16} << 30);
  EXPECT_FALSE(second.is_mig);
}

TEST(ProbeGpus, NamesAPartOfABoard) {
  const GpuDevice device = probe_of("mig").devices.at(0);
  EXPECT_TRUE(device.is_mig);
  EXPECT_EQ(describe(device),
            "MIG device 0: Stub A100 MIG 1g.5gb (MIG-10010203-0405-0607-0809-0a0b0c0d0e0f)");
}

TEST(ChooseGpu, ByIndexAndUuid) {
  const GpuProbe probe = probe_of("two");
  EXPECT_EQ(choose_gpu(probe, "").index, 0);
  EXPECT_EQ(choose_gpu(probe, "1").index, 1);
  EXPECT_EQ(choose_gpu(probe, "GPU-1101").index, 1);
  EXPECT_EQ(choose_gpu(probe, probe.devices[0].uuid).index, 0);
}

TEST(ChooseGpu, RefusesWhatIsNotThereOrNotUnique) {
  const GpuProbe probe = probe_of("two");
  for (const char* wanted : {"2", "GPU-", "GPU-1", "GPU-ff", "x"}) {
    try {
      choose_gpu(probe, wanted);
      FAIL() << wanted;
    } catch (const UsageError& error) {
      EXPECT_EQ(std::string(error.what()).rfind("--gpu=" + std::string(wanted), 0), 0U);
      EXPECT_NE(std::string(error.what()).find("GPU 1: Stub T4 1"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace dnnbench
