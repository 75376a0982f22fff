// The tables of operators: one entry an operator, for all its opset versions.
#pragma once

#include <map>
#include <string>

#include "operation.h"

namespace dnnbench::pytorch {

// Writes a node's lines. Throws Unsupported for what it can't express.
using Write = void (*)(Operation& op);

// By the operator's qualified name: "Conv", "com.microsoft.Gelu".
using Operators = std::map<std::string, Write>;

const Operators& operators();

// Whether the tables have the node's operator.
bool has_operator(const import::Node& node);

// Each adds its own; operators/NAME.cpp.
void add_control_flow(Operators& table);
void add_convolution(Operators& table);
void add_detection(Operators& table);
void add_elementwise(Operators& table);
void add_indexing(Operators& table);
void add_matrix(Operators& table);
void add_machine_learning(Operators& table);  // of ai.onnx.ml
void add_normalization(Operators& table);
void add_padding(Operators& table);
void add_pooling(Operators& table);
void add_quantization(Operators& table);
void add_recurrent(Operators& table);
void add_reduction(Operators& table);
void add_resize(Operators& table);
void add_sampling(Operators& table);
void add_sequence(Operators& table);
void add_shape(Operators& table);
void add_signal(Operators& table);
void add_text(Operators& table);

}  // namespace dnnbench::pytorch
