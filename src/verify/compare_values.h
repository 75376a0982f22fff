// Comparing tensors and values by what they are: structure, exact elements, positions, rows.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/tensor.h"

namespace dnnbench {

// Why the output at that position can't be compared element by element with the expected one, as a
// sentence; empty when it can: the same name, kind, element types and shapes. An expected output
// without a name matches any.
std::string describe_mismatch(const Value& expected, const Value& got, size_t position);

// Whether there is anything to compare.
bool has_elements(const std::vector<Value>& outputs);

// Elements that are not identical, of two tensors of one type and shape. Any non-zero byte is true.
std::vector<size_t> differing_elements(const Tensor& a, const Tensor& b);

// "[0, 3, 17]": the flat position in that shape. "[]" for a scalar.
std::string describe_position(size_t flat, std::span<const int64_t> shape);

// The element as text: 0.25, -3, true, "cat".
std::string describe_element(const Tensor& tensor, size_t flat);

// Share of rows whose largest element is at the same place or as large as there. Nothing unless the
// tensor is one row of floating-point scores per example: [N, C] with C > 1, ones after that left
// out.
std::optional<double> top1_agreement(const Tensor& reference, const Tensor& got);

}  // namespace dnnbench
