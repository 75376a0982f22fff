// What the words of --precision say.
#pragma once

#include <string>

namespace dnnbench {

// Whether it takes a quantised form of the model: int8 and int8-dynamic.
inline bool is_quantised(const std::string& precision) {
  return precision == "int8" || precision == "int8-dynamic";
}

// Whether a GPU's library may round factors to TF32.
inline bool allows_tf32(const std::string& precision) {
  return precision == "tf32" || precision == "default";
}

}  // namespace dnnbench
