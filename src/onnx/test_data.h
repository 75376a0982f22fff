// The ONNX Model Zoo's convention for inputs with known outputs: a folder (test_data_set_0) with
// input_0.pb, input_1.pb, ..., output_0.pb, ..., each a TensorProto, SequenceProto or
// OptionalProto, numbered in the graph's order.
#pragma once

#include <string>
#include <vector>

#include "core/tensor.h"
#include "onnx/model.h"

namespace dnnbench {

struct TestData {
  std::vector<Value> inputs;   // named as the model's inputs; as many as the folder has
  std::vector<Value> outputs;  // named as the model's outputs; may be fewer, or none
};

// Throws Error when the folder has no input_0.pb for a model with inputs, more files than the
// model has inputs or outputs, or a file that is not what the model says.
TestData read_test_data(const std::string& folder, const Model& model);

}  // namespace dnnbench
