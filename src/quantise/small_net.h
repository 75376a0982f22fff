// A small convolutional network with random weights, for tests.
#pragma once

#include <string>
#include <vector>

#include "core/random_numbers.h"
#include "onnx/test_model.h"
#include "run/progress.h"

namespace dnnbench::quantise {

inline onnx::TensorProto random_tensor(const std::string& name, const std::vector<int64_t>& shape,
                                       double scale, uint32_t seed) {
  onnx::TensorProto tensor;
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  for (const int64_t size : shape) tensor.add_dims(size);
  RandomNumbers random(1, seed);
  for (int64_t i = 0; i < element_count(shape); ++i) {
    tensor.add_float_data(static_cast<float>(random.uniform(-scale, scale)));
  }
  return tensor;
}

// x -> Conv -> Relu -> Conv -> Relu -> Conv -> Relu -> MaxPool -> Flatten -> Gemm -> y, with a bias
// in each.
inline onnx::ModelProto convolutional_net(int64_t opset, int64_t batch = 1, uint32_t seed = 0) {
  using namespace dnnbench::testing;
  const std::string rows = std::to_string(batch);
  onnx::ModelProto model = empty_model(opset);
  add_input(model, "x", onnx::TensorProto::FLOAT, {rows, "3", "8", "8"});
  add_output(model, "y", onnx::TensorProto::FLOAT, {rows, "10"});
  std::string value = "x";
  int64_t channels = 3;
  for (uint32_t layer = 0; layer < 3; ++layer) {
    const std::string name = std::to_string(layer);
    add_initializer(model, random_tensor("w" + name, {8, channels, 3, 3}, 0.4, seed + 2 * layer));
    add_initializer(model, random_tensor("b" + name, {8}, 0.5, seed + 2 * layer + 1));
    auto& conv = add_node(model, "Conv", {value, "w" + name, "b" + name}, {"c" + name});
    auto* pads = conv.add_attribute();
    pads->set_name("pads");
    pads->set_type(onnx::AttributeProto::INTS);
    for (int i = 0; i < 4; ++i) pads->add_ints(1);
    add_node(model, "Relu", {"c" + name}, {"r" + name});
    value = "r" + name;
    channels = 8;
  }
  auto& pool = add_node(model, "MaxPool", {value}, {"p"});
  for (const char* name : {"kernel_shape", "strides"}) {
    auto* sizes = pool.add_attribute();
    sizes->set_name(name);
    sizes->set_type(onnx::AttributeProto::INTS);
    sizes->add_ints(4);
    sizes->add_ints(4);
  }
  add_node(model, "Flatten", {"p"}, {"f"});
  add_initializer(model, random_tensor("w3", {32, 10}, 0.3, seed + 6));
  add_initializer(model, random_tensor("b3", {10}, 0.5, seed + 7));
  add_node(model, "Gemm", {"f", "w3", "b3"}, {"y"});
  return model;
}

}  // namespace dnnbench::quantise
