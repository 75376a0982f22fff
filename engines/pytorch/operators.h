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

// Each adds its own; operators_NAME.cpp.
void add_attention(Operators& table);
void add_contributed(Operators& table);  // of com.microsoft
void add_control(Operators& table);
void add_convolutions(Operators& table);
void add_detection(Operators& table);
void add_elementwise(Operators& table);
void add_indexing(Operators& table);
void add_linear(Operators& table);
void add_machine_learning(Operators& table);  // of ai.onnx.ml
void add_normalizations(Operators& table);
void add_pooling(Operators& table);
void add_quantization(Operators& table);
void add_recurrent(Operators& table);
void add_reductions(Operators& table);
void add_resizing(Operators& table);
void add_sequences(Operators& table);
void add_shaping(Operators& table);
void add_signal(Operators& table);
void add_text(Operators& table);

}  // namespace dnnbench::pytorch
