// What a model's weights and operators are known by, for caches of what is made of it.
#pragma once

#include <string>

namespace dnnbench::import {

// SHA-256 of the model file and, after a space each, of the weight files that it names. Throws
// Error as import/read_model.h does.
std::string hash_with_weights(const std::string& model_path);

}  // namespace dnnbench::import
