// The one reader of ONNX files: an .onnx file -> plain data. The file is mapped and not copied, so
// that weights cost nothing until they are used. Without the protobuf library, by import/wire.h:
// an engine's library may bring one of its own.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "import/graph.h"
#include "import/wire.h"

namespace dnnbench::import {

// An operator that the model defines itself.
struct Function {
  std::string domain, name;
  std::vector<std::string> inputs, outputs;
  std::vector<Node> nodes;
};

struct ModelFile {
  std::shared_ptr<const void> owner;  // of the message
  Bytes message;                      // the whole model as it stands in the file
  int64_t ir_version = 0;
  std::string producer;                   // name and version; may be empty
  std::map<std::string, int64_t> opsets;  // by domain; "" is ONNX's own
  bool has_graph = false;
  Graph graph;
  Bytes graph_message;  // likewise
  std::vector<Function> functions;
  // Of all tensors as they are stored, those of subgraphs, functions and attributes among them:
  int64_t weight_elements = 0;
  int64_t weight_bytes = 0;
  std::set<DataType> weight_types;
  std::set<std::string> external_files;  // as the model names them
};

// Weight files lie in the folder of `beside`. Throws Error with one sentence for a file that can't
// be read, is cut short or is not ONNX, for a broken tensor, and for external weights that are
// missing or lie outside of the folder.
ModelFile read_model_file(const std::string& path, const std::string& beside);
ModelFile read_model_file(const std::string& path);

// The same of a model in memory.
ModelFile read_model_message(std::string message, const std::string& beside);

// "" for either spelling of ONNX's own domain, otherwise the domain as it is.
std::string normal_domain(const std::string& domain);

}  // namespace dnnbench::import
