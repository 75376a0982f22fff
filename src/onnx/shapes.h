// The shapes that a model's inputs have in a run, and who said so: the model, the user, or this
// tool (prepare/choose_sizes.h).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dnnbench {

// By input; every tensor input of the model.
using InputShapes = std::map<std::string, std::vector<int64_t>>;

enum class SizeSource {
  kModel,   // fixed in the file
  kUser,    // --shape, --batch, --input or --test-data
  kChosen,  // by us
};

// "model", "user", "chosen".
std::string_view to_string(SizeSource source);

struct ResolvedDimension {
  int64_t size = 0;
  SizeSource source = SizeSource::kModel;
  std::string symbol;  // as in the model; may be empty
  std::string reason;  // why it was chosen, "a usual length"; may be empty
};

struct ResolvedShapes {
  std::map<std::string, std::vector<ResolvedDimension>> inputs;  // by name, tensor inputs only
  std::vector<std::string> notes;  // sentences: what of the model's names could not be kept

  InputShapes sizes() const;
};

// "1x3x224x224"; "a scalar" for no dimensions.
std::string shape_text(const std::vector<int64_t>& shape);

// "1x3x320x320 (batch_size set to 1, height given)"; a dimension that the model fixes is not
// explained.
std::string describe(const std::vector<ResolvedDimension>& dimensions);

}  // namespace dnnbench
