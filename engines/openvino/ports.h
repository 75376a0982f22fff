// A model's inputs and outputs under the names that the ONNX file gives them.
#pragma once

#include <openvino/core/node_output.hpp>
#include <string>
#include <vector>

namespace dnnbench {

using Ports = std::vector<ov::Output<const ov::Node>>;

// For each input the index of its name in `names`, which holds those of the ONNX file.
// Where a node between an input and an output does nothing (a Dropout, a Max of one), OpenVINO
// joins the two under the output's name; such inputs take the names that are left over, in order.
// It drops inputs whose values don't matter (the second of CastLike), so names may be left over.
// Throws Error when an input has no name.
std::vector<size_t> match_inputs(const Ports& inputs, const Ports& outputs,
                                 const std::vector<std::string>& names);

std::string output_name(const Ports::value_type& output);

}  // namespace dnnbench
