// Sizes for the dimensions that a model leaves open: the user's, otherwise a batch of 1 and, for
// the others, the first usual size that the graph really accepts.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "onnx/model.h"

namespace dnnbench {

// By input; every tensor input of the model.
using InputShapes = std::map<std::string, std::vector<int64_t>>;

enum class SizeSource {
  kModel,   // fixed in the file
  kUser,    // --shape, --input or --test-data
  kChosen,  // by us
};

// "model", "user", "chosen".
std::string_view to_string(SizeSource source);

struct ResolvedDimension {
  int64_t size = 0;
  SizeSource source = SizeSource::kModel;
  std::string symbol;  // as in the model; may be empty
};

struct ResolvedShapes {
  std::map<std::string, std::vector<ResolvedDimension>> inputs;  // by name, tensor inputs only

  InputShapes sizes() const;
};

// Whether the model runs on inputs of these shapes: nullopt when it does, otherwise why not.
using AcceptsShapes = std::function<std::optional<std::string>(const InputShapes&)>;

// Dimensions with the same symbol get the same size; "past + seq" is the sum of the two. `accepts`
// is called only when there are several sizes to choose from (not for a batch), with one set of
// shapes after the other until it returns nullopt; those are returned. Throws UsageError for a name
// that is no input, a rank or size that contradicts the model, and sizes that contradict each
// other; Error when nothing is accepted, or when the model does not state an input's rank and the
// user gives no shape.
//
// `batch`, where given, is the size of the batch dimensions: those called so, and the first one
// where it has no telling name. Throws UsageError for a model that fixes them otherwise.
ResolvedShapes resolve_shapes(const Model& model, const InputShapes& user_shapes,
                              const AcceptsShapes& accepts,
                              std::optional<int64_t> batch = std::nullopt);

// One line: "images=1,3,320,320 (batch 1 chosen, height 320 from the user, ...)"; a dimension that
// the model fixes is not explained.
std::string describe(const std::string& name, const std::vector<ResolvedDimension>& dimensions);

}  // namespace dnnbench
