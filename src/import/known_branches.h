// If nodes whose condition is known at the sizes of a run: the branch that is taken replaces the
// node before a library looks at the other one, which need not be right at these sizes. For models
// whose inputs have fixed shapes (import/simplify.h); the main graph's If nodes, those inside a
// branch once it has become part of the main graph. Each function throws Error for a broken model.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

namespace dnnbench::import {

// The conditions of the main graph's If nodes: names of values.
std::set<std::string> branch_conditions(const std::string& model);

// What computes those of the conditions that no If node comes before, with them as its outputs.
// nullopt where there are none.
std::optional<std::string> model_of_conditions(const std::string& model);

// Those of the names that are initializers of the main graph and hold one truth value.
std::map<std::string, bool> constant_conditions(const std::string& model,
                                                const std::set<std::string>& names);

// The model with the branch that is taken in the place of each If node whose condition is known.
std::string with_branches_taken(const std::string& model,
                                const std::map<std::string, bool>& conditions);

}  // namespace dnnbench::import
