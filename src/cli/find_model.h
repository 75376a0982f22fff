// From what a command line calls a model to its file.
#pragma once

#include <string>
#include <vector>

namespace dnnbench {

// A model's path as given, or the cached file of one of the eight names. Throws UsageError when
// there is no such file.
std::string find_model(const std::string& path_or_name, const std::string& subcommand);

// The same of the models of one run, in their order. Throws UsageError where two are the same file.
std::vector<std::string> find_models(const std::vector<std::string>& models);

}  // namespace dnnbench
