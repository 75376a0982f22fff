// Model: what DNN Bench knows of an ONNX file without running it. Plain data; read_model fills it
// and keeps none of the weights.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/tensor.h"

namespace dnnbench {

// One dimension of an input or output as the file states it.
struct Dimension {
  std::optional<int64_t> size;  // absent: dynamic
  std::string symbol;           // a dynamic dimension's name, "batch_size"; "" when it has none
};

// An input or output of a model.
struct ModelValue {
  enum class Kind { kTensor, kSequence, kOptional, kMap, kSparseTensor, kOpaque };

  std::string name;
  Kind kind = Kind::kTensor;
  DataType type = DataType::kUndefined;              // of the tensor, or of the tensors within
  std::optional<std::vector<Dimension>> dimensions;  // absent: not even the rank is stated
  DataType map_key = DataType::kUndefined;           // of a map or a sequence of maps
};

// "tensor", "sequence", "optional", "map", "sparse tensor", "opaque".
std::string_view to_string(ModelValue::Kind kind);

// Values that an input may take without leaving what the graph can use; both ends belong to it.
struct ValueRange {
  double low = 0;
  double high = 0;
};

struct OperatorCount {
  std::string domain;  // "" is ONNX's own
  std::string type;    // "Conv"
  int64_t count = 0;
};

struct Model {
  std::string path;
  int64_t file_bytes = 0;  // of the .onnx file alone
  int64_t ir_version = 0;
  std::map<std::string, int64_t> opsets;  // by domain; "" is ONNX's own
  std::string producer;                   // name and version, "pytorch 2.9"; may be empty
  std::vector<ModelValue> inputs;  // in the graph's order, without those that initializers fill
  std::vector<ModelValue> outputs;
  // Inputs whose values the graph restricts (an index, a mask, a count, below a logarithm);
  // found by following them through the graph, see onnx/value_ranges.h.
  std::map<std::string, ValueRange> input_ranges;
  std::vector<OperatorCount> operators;  // most frequent first; of subgraphs and functions too
  int64_t node_count = 0;
  int64_t weight_elements = 0;  // initializers and Constant nodes, dense and sparse
  int64_t weight_bytes = 0;     // the same, in memory
  std::set<DataType> weight_types;
  std::vector<std::string> external_files;  // weight files as the model names them, sorted
  std::vector<std::string>
      random_operators;  // "RandomNormal (node noise)": outputs differ each run
};

// The newest versions that the reference, ONNX Runtime 1.31.1, reads: found by loading models of
// every version with it.
inline constexpr int64_t kNewestIrVersion = 13;
inline constexpr int64_t kNewestOpset = 26;
inline constexpr int64_t kNewestMlOpset = 5;

// Reads and checks a model and that its external weights are there. Throws Error with one sentence
// for a file that can't be read, is not ONNX, is cut short, is newer than the reference, misses
// weights, or holds an operator that no engine knows; and for a path or an input's name that is not
// UTF-8.
Model read_model(const std::string& path);

// The model's input of that name, or nullptr.
const ModelValue* find_input(const Model& model, const std::string& name);

// "images, scale": for messages.
std::string input_names(const Model& model);

// "float32"; "map(int64, float32)" of a map or a sequence of maps.
std::string type_text(const ModelValue& value);

// "float32[batch,3,?,224]"; "sequence of int64[?]"; "sequence of map(int64, float32)".
std::string describe(const ModelValue& value);

}  // namespace dnnbench
