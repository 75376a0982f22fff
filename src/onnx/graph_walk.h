// Internal to src/onnx: every node and tensor of a model, those of subgraphs and of the model's
// own functions among them.
#pragma once

#include <functional>
#include <string>

#include "onnx.pb.h"

namespace dnnbench {

using NodeVisitor = std::function<void(const onnx::NodeProto&)>;

void for_each_node(const onnx::GraphProto& graph, const NodeVisitor& visit);

// Of the graph and the functions.
void for_each_node(const onnx::ModelProto& model, const NodeVisitor& visit);

void for_each_graph(const onnx::GraphProto& graph,
                    const std::function<void(const onnx::GraphProto&)>& visit);

// Initializers, the parts of sparse initializers, and tensors in attributes. The name is the
// initializer's, or the node's first output.
void for_each_tensor(
    const onnx::ModelProto& model,
    const std::function<void(const std::string& name, const onnx::TensorProto&)>& visit);

// nullptr when the node has no attribute of that name.
const onnx::AttributeProto* find_attribute(const onnx::NodeProto& node, const std::string& name);

int64_t int_attribute(const onnx::NodeProto& node, const std::string& name, int64_t otherwise);

// "" for either spelling of ONNX's own domain, otherwise the domain as it is.
std::string normal_domain(const std::string& domain);

// "com.example.Foo", or "Conv" for ONNX's own.
std::string qualified_type(const onnx::NodeProto& node);

// The node's name, or its first output's when it has none.
std::string node_label(const onnx::NodeProto& node);

}  // namespace dnnbench
