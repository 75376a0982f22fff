// A model whose main graph can be changed node by node, and written again. Weights are not copied
// until it is written. Subgraphs stay as they are.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "import/read_model.h"

namespace dnnbench::quantise {

struct EditableNode {
  import::Node node;       // attributes as they were read
  std::string attributes;  // the same as fields of a NodeProto, to be written
};

struct EditableModel {
  import::ModelFile file;  // as it was read
  int64_t opset = 0;       // of ONNX's own domain
  std::vector<EditableNode> nodes;
  std::map<std::string, import::Constant> constants;
  std::vector<std::string> more_outputs;  // values to be written as outputs, f32, beside its own

  bool is_constant(const std::string& value) const { return constants.count(value) > 0; }
  bool is_f32(const std::string& value) const;  // as far as it is known
  bool is_output(const std::string& value) const { return outputs.count(value) > 0; }

  std::set<std::string> outputs;  // names
};

// Weight files lie beside `beside`. Throws Error for a file that is not a model, Unsupported for a
// model with functions of its own.
EditableModel open_model(const std::string& path, const std::string& beside);

// Throws Error where the message would be larger than the format allows, 2 GB, or `path` can't be
// written.
void write_model(const EditableModel& model, const std::string& path);

EditableNode make_node(const std::string& op, std::vector<std::string> inputs,
                       std::vector<std::string> outputs);

void set_integer(EditableNode& node, const std::string& name, int64_t value);
void set_text(EditableNode& node, const std::string& name, const std::string& value);
void drop_attribute(EditableNode& node, const std::string& name);

// Adds a constant and returns its name.
std::string add_constant(EditableModel& model, const std::string& name, Tensor tensor);
Tensor f32_tensor(std::vector<int64_t> shape, const std::vector<double>& values);
Tensor int64_tensor(const std::vector<int64_t>& values);

}  // namespace dnnbench::quantise
