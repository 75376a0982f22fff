#include "device.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "module.h"

namespace dnnbench::pytorch {
namespace {

TEST(WithDevice, NamesTheDeviceOfEveryTensorMade) {
  EXPECT_EQ(with_device("x + torch.zeros([f(1), 2])", "cuda"),
            "x + torch.zeros([f(1), 2], device=\"cuda\")");
  EXPECT_EQ(with_device("torch.full([1], torch.tensor(2).item())", "cuda"),
            "torch.full([1], torch.tensor(2, device=\"cuda\").item(), device=\"cuda\")");
  EXPECT_EQ(with_device("torch.zeros_like(x)", "cuda"), "torch.zeros_like(x)");
  EXPECT_EQ(with_device("torch.tensor([ord(\")\")])", "cuda"),
            "torch.tensor([ord(\")\")], device=\"cuda\")");
}

TEST(WithDevice, WhatItWritesIsTorchScript) {
  Program program;
  program.source = with_device(
      "def forward(self, x0: Tensor):\n"
      "  a = torch.arange(3, dtype=6) + torch.zeros([3]) + torch.ones([3])\n"
      "  return x0 + a + torch.full([3], 2.0, dtype=6) + torch.tensor([1.0, 2.0, 3.0])\n",
      "cpu");
  Module module(program);
  Tensor x = make_tensor(DataType::kFloat32, {3});
  module.set_inputs({make_value("x", x)});
  module.run();
  const auto outputs = module.outputs({{"y", {}}});
  EXPECT_EQ(to_doubles(outputs.front().tensor()), (std::vector<double>{4, 6, 8}));
}

TEST(OpenCuda, SaysWhatIsMissing) {
  try {
    open_cuda();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("--device=gpu --pytorch fetches them"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace dnnbench::pytorch
