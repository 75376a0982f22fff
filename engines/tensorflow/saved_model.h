// A SavedModel: the folder that TensorFlow's users load with tf.saved_model.load, serve with
// TensorFlow Serving and convert with other tools.
#pragma once

#include <string>
#include <vector>

#include "graph.h"

namespace dnnbench::tf {

struct NamedOut {
  std::string name;  // as the ONNX model has it
  Out out;
};

// Writes the folder: tag "serve", signature "serving_default" with the ONNX model's names. Throws
// Error when it can't be written, Unsupported when the graph is larger than a protobuf message may
// be (2 GB).
void save_model(const Graph& graph, const std::vector<NamedOut>& inputs,
                const std::vector<NamedOut>& outputs, const std::string& folder);

}  // namespace dnnbench::tf
