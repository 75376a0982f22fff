// Pieces of quantised arithmetic that several tables need.
#pragma once

#include "operation.h"

namespace dnnbench::pytorch {

// round(scaled) + zero, saturated to the type.
std::string quantised(const std::string& scaled, const std::string& zero, DataType type);

// An input of one element, or of one an index of `axis`, made to broadcast against `rank` axes.
std::string along(Operation& op, size_t index, int64_t rank, int64_t axis);

// An input minus its zero point, as doubles.
std::string centred(Operation& op, size_t index, size_t zero, int64_t axis);

}  // namespace dnnbench::pytorch
