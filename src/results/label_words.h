// What the label of a stored result is made of (run/labels.h), from its file's fields; of settings
// that have no field, from backend_meta.
#pragma once

#include <nlohmann/json.hpp>

#include "run/labels.h"

namespace dnnbench {

// The last of the parts are of the mode, which one deployment may be measured in several of.
constexpr size_t kModeParts = 3;

// `object` is the file's, of which only backend and backend_meta must be there.
LabelWords label_words(const nlohmann::json& object, bool quantized);

}  // namespace dnnbench
