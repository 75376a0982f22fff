// External weights behind links, as a Hugging Face cache has them: the model's folder holds links
// to files elsewhere, which a library may refuse to follow.
#pragma once

#include <optional>
#include <string>

namespace dnnbench::import {

struct RealPaths {
  std::string model;   // the message, its external files named relative to `folder`
  std::string folder;  // ends in "/"
};

// nullopt where the model has no external weights or none of them is behind a link. Throws Error
// as read_model_file does.
std::optional<RealPaths> with_real_paths(const std::string& model_path);

}  // namespace dnnbench::import
