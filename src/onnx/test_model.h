// For tests: small models written in a few lines.
#pragma once

#include <string>
#include <vector>

#include "onnx.pb.h"
#include "testing/files.h"
#include "testing/temporary_folder.h"

namespace dnnbench::testing {

using dnnbench::TemporaryFolder;
using dnnbench::write_file;

inline onnx::ModelProto empty_model(int64_t opset = 17) {
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.set_producer_name("test");
  model.add_opset_import()->set_version(opset);
  model.mutable_graph()->set_name("graph");
  return model;
}

// A dimension is a number ("3"), a symbol ("batch"), or unknown ("").
inline void set_tensor_type(onnx::TypeProto& type, int element_type,
                            const std::vector<std::string>& dimensions) {
  auto* tensor = type.mutable_tensor_type();
  tensor->set_elem_type(element_type);
  auto* shape = tensor->mutable_shape();
  for (const std::string& dimension : dimensions) {
    auto* dim = shape->add_dim();
    if (dimension.empty()) continue;
    if (dimension.find_first_not_of("0123456789") == std::string::npos) {
      dim->set_dim_value(std::stoll(dimension));
    } else {
      dim->set_dim_param(dimension);
    }
  }
}

inline void add_input(onnx::ModelProto& model, const std::string& name, int element_type,
                      const std::vector<std::string>& dimensions) {
  auto* input = model.mutable_graph()->add_input();
  input->set_name(name);
  set_tensor_type(*input->mutable_type(), element_type, dimensions);
}

inline void add_output(onnx::ModelProto& model, const std::string& name, int element_type,
                       const std::vector<std::string>& dimensions) {
  auto* output = model.mutable_graph()->add_output();
  output->set_name(name);
  set_tensor_type(*output->mutable_type(), element_type, dimensions);
}

inline onnx::NodeProto& add_node(onnx::ModelProto& model, const std::string& type,
                                 const std::vector<std::string>& inputs,
                                 const std::vector<std::string>& outputs) {
  auto* node = model.mutable_graph()->add_node();
  node->set_op_type(type);
  for (const std::string& input : inputs) node->add_input(input);
  for (const std::string& output : outputs) node->add_output(output);
  return *node;
}

inline void set_int(onnx::NodeProto& node, const std::string& name, int64_t value) {
  auto* attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::INT);
  attribute->set_i(value);
}

inline onnx::TensorProto float_tensor(const std::string& name, const std::vector<int64_t>& shape) {
  onnx::TensorProto tensor;
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  int64_t count = 1;
  for (const int64_t size : shape) {
    tensor.add_dims(size);
    count *= size;
  }
  for (int64_t i = 0; i < count; ++i) tensor.add_float_data(static_cast<float>(i));
  return tensor;
}

inline onnx::TensorProto int64_tensor(const std::string& name, const std::vector<int64_t>& values) {
  onnx::TensorProto tensor;
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::INT64);
  if (values.size() != 1) tensor.add_dims(static_cast<int64_t>(values.size()));
  for (const int64_t value : values) tensor.add_int64_data(value);
  return tensor;
}

inline void add_initializer(onnx::ModelProto& model, const onnx::TensorProto& tensor) {
  *model.mutable_graph()->add_initializer() = tensor;
}

inline std::string write_model(const onnx::ModelProto& model, const std::string& path) {
  write_file(path, model.SerializeAsString());
  return path;
}

// images[batch,3,height,4] * w -> y
inline onnx::ModelProto picture_model() {
  onnx::ModelProto model = empty_model();
  add_input(model, "images", onnx::TensorProto::FLOAT, {"batch", "3", "height", "4"});
  add_output(model, "y", onnx::TensorProto::FLOAT, {"batch", "3", "height", "4"});
  add_initializer(model, float_tensor("w", {4}));
  add_node(model, "Mul", {"images", "w"}, {"scaled"});
  add_node(model, "Relu", {"scaled"}, {"y"});
  return model;
}

// y = x + x, both of four floats
inline onnx::ModelProto doubling_model() {
  onnx::ModelProto model = empty_model();
  add_input(model, "x", onnx::TensorProto::FLOAT, {"4"});
  add_output(model, "y", onnx::TensorProto::FLOAT, {"4"});
  add_node(model, "Add", {"x", "x"}, {"y"});
  return model;
}

}  // namespace dnnbench::testing
