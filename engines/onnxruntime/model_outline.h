// What must be known of a model before ONNX Runtime opens it: its named dimensions, which can be
// fixed only by name and only beforehand. Reads the file's outline and seeks past the weights, so
// it costs neither their time nor their memory.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/tensor.h"

namespace dnnbench::ort {

struct ModelOutline {
  // Input name to the name of each of its dimensions, "" where it has none.
  std::map<std::string, std::vector<std::string>> dimension_names;
  // Element types of the weights and the tensor inputs.
  std::set<DataType> element_types;
};

// What can be read of the file; nothing of one that is not an ONNX model: the library's own error
// for it says more.
ModelOutline read_outline(const std::string& model_path);

// The sizes that `input_shapes` gives to named dimensions; nullopt where a name stands for several
// sizes, as "?" does by its nature: sizes can't be fixed by name then.
std::optional<std::map<std::string, int64_t>> named_sizes(
    const ModelOutline& outline, const std::map<std::string, std::vector<int64_t>>& input_shapes);

}  // namespace dnnbench::ort
