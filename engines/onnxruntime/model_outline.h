// What must be known of a model before ONNX Runtime opens it: its named dimensions, which can be
// fixed only by name and only beforehand, and what it may be computed in.
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
  // Input name to the name of each of its dimensions: "" where it has a size, "?" where neither.
  std::map<std::string, std::vector<std::string>> dimension_names;
  // Element types of the weights and the tensor inputs.
  std::set<DataType> element_types;
  // Whether products may be computed in 8 bits: it has some, or quantises values.
  bool is_quantised = false;
  // Whether weights alone are in few bits. The CPU's provider may then round the other factor to 8
  // bits, too (kernels.h).
  bool has_quantised_weights = false;
};

// Nothing of a file that import/read_model.h refuses: the library's own error says more.
ModelOutline read_outline(const std::string& model_path);

// The sizes that `input_shapes` gives to named dimensions; nullopt where sizes can't be fixed by
// name: it stands for several, as "?" does by its nature, or there is none.
std::optional<std::map<std::string, int64_t>> named_sizes(
    const ModelOutline& outline, const std::map<std::string, std::vector<int64_t>>& input_shapes);

}  // namespace dnnbench::ort
