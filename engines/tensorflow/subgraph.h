// What the subgraphs of If, Loop and Scan use of the graphs around them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "operation.h"

namespace dnnbench::tf {

// An attribute's graph. Throws Unsupported where the node lacks it.
const import::Graph& subgraph(const Operation& op, const std::string& name);

// A value of the graphs around that a subgraph uses and that is not constant: a tensor, or a list
// of tensors of that type.
struct Captured {
  std::string name;
  std::optional<TF_DataType> element;
};

// Each once. Of a sequence whose length is known the elements are captured.
std::vector<Captured> outer_values(const Operation& op,
                                   const std::vector<const import::Graph*>& graphs);

Outs values_of(const Operation& op, const std::vector<Captured>& captured);

// A tensor, or a list of tensors of type `element`.
void set_value(Emitter& emitter, const std::string& name, Out value,
               const std::optional<TF_DataType>& element);

}  // namespace dnnbench::tf
