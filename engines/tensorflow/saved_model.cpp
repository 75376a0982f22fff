#include "saved_model.h"

#include <filesystem>
#include <fstream>
#include <memory>

#include "check.h"
#include "core/error.h"
#include "import/wire.h"

namespace dnnbench::tf {
namespace {

using Buffer = std::unique_ptr<TF_Buffer, decltype(&TF_DeleteBuffer)>;

// Field numbers in this file: tensorflow/core/protobuf/{saved_model,meta_graph}.proto and
// framework/tensor_shape.proto.

std::string shape_proto(const std::optional<Shape>& shape) {
  std::string message;
  if (!shape) {
    import::write_integer(message, 3, 1);  // unknown_rank
    return message;
  }
  for (const int64_t size : *shape) {
    std::string dimension;
    import::write_integer(dimension, 1, size);
    import::write_text(message, 2, dimension);
  }
  return message;
}

std::string tensor_info(const Graph& graph, Out out) {
  std::string message;
  import::write_text(message, 1,
                     std::string(TF_OperationName(out.oper)) + ":" + std::to_string(out.index));
  import::write_integer(message, 2, Graph::type(out));
  import::write_text(message, 3, shape_proto(graph.find_shape(out)));
  return message;
}

// SignatureDef.inputs = 1 and outputs = 2 are maps from name to TensorInfo.
void write_named(std::string& signature, int field, const Graph& graph,
                 const std::vector<NamedOut>& named) {
  for (const NamedOut& one : named) {
    std::string entry;
    import::write_text(entry, 1, one.name);
    import::write_text(entry, 2, tensor_info(graph, one.out));
    import::write_text(signature, field, entry);
  }
}

std::string signature_entry(const Graph& graph, const std::vector<NamedOut>& inputs,
                            const std::vector<NamedOut>& outputs) {
  std::string signature, entry;
  write_named(signature, 1, graph, inputs);
  write_named(signature, 2, graph, outputs);
  import::write_text(signature, 3, "tensorflow/serving/predict");
  import::write_text(entry, 1, "serving_default");
  import::write_text(entry, 2, signature);
  return entry;
}

Buffer graph_def(const Graph& graph) {
  Buffer buffer(TF_NewBuffer(), TF_DeleteBuffer);
  Status status;
  TF_GraphToGraphDef(graph.get(), buffer.get(), status);
  if (!status.ok()) {
    throw Unsupported("TensorFlow can't write the graph, which must not exceed 2 GB: " +
                      status.message());
  }
  return buffer;
}

}  // namespace

void save_model(const Graph& graph, const std::vector<NamedOut>& inputs,
                const std::vector<NamedOut>& outputs, const std::string& folder) {
  const Buffer definition = graph_def(graph);
  std::string info, meta_graph, saved_model;
  import::write_text(info, 4, "serve");       // MetaInfoDef.tags
  import::write_text(info, 5, TF_Version());  // tensorflow_version
  import::write_text(meta_graph, 1, info);    // MetaGraphDef.meta_info_def
  import::write_bytes(meta_graph, 2,          // graph_def
                      {static_cast<const std::byte*>(definition->data), definition->length});
  import::write_text(meta_graph, 5, signature_entry(graph, inputs, outputs));  // signature_def
  import::write_integer(saved_model, 1, 1);        // SavedModel.saved_model_schema_version
  import::write_text(saved_model, 2, meta_graph);  // meta_graphs

  std::error_code error;
  std::filesystem::create_directories(folder, error);
  std::ofstream file(folder + "/saved_model.pb", std::ios::binary);
  file.write(saved_model.data(), static_cast<std::streamsize>(saved_model.size()));
  file.close();
  if (!file) throw Error("the converted model can't be written to " + folder);
}

}  // namespace dnnbench::tf
