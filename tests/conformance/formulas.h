// The formulas that decide whether the reference is right (src/evaluate), by the node tests'
// expected outputs.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace dnnbench {

struct FormulaSweep {
  int64_t outputs_checked = 0;  // tests whose nodes were all checked
  std::set<std::string> operators;
  std::vector<std::string> wrong;  // "test_add: at Add ..., element [0] is 1 where 2 is right"
};

// Of all tests in the folder.
FormulaSweep sweep_formulas(const std::string& root);

}  // namespace dnnbench
