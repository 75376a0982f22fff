// Interim standings of engines that take turns, for whoever watches. They decide nothing.
#pragma once

#include <string>
#include <vector>

namespace dnnbench {

// [engine][block]: the median of the engine in that block, in seconds; NaN where it has none.
using BlockTimes = std::vector<std::vector<double>>;

// "openvino 1.08x ahead of onnxruntime, 7 blocks": the two fastest by the median of the blocks, the
// ratio over the blocks that both have. One engine: "openvino 1.60 ms, 7 blocks". `table` holds
// undisturbed blocks; `disturbed` counts the others.
std::string standing(const std::vector<std::string>& labels, const BlockTimes& table,
                     size_t disturbed);

}  // namespace dnnbench
