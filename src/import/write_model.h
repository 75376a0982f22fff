// Internal to src/import: messages of ONNX, and parts of them, written by import/wire.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/tensor.h"
#include "import/graph.h"
#include "import/wire.h"

namespace dnnbench::import {

// A ValueInfoProto of a tensor.
std::string value_info(const std::string& name, DataType type,
                       const std::optional<std::vector<int64_t>>& shape);

// A TensorProto, its elements inside.
std::string tensor_message(const std::string& name, const Constant& constant);

// The model's message with another graph.
std::string with_graph(Bytes model, const std::string& graph);

// The texts of one field of a message, and the last of them.
std::vector<std::string> texts_of(Bytes message, int field);
std::string text_of(Bytes message, int field);

}  // namespace dnnbench::import
