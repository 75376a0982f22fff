// NumPy's .npy files, format versions 1 to 3
// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
#pragma once

#include <cstdint>
#include <istream>
#include <string>
#include <vector>

#include "core/tensor.h"

namespace dnnbench {

// Bool, integers of 8 to 64 bits, floats of 16 to 64, complex of 64 and 128; either byte order,
// either element order: the tensor is little-endian and row-major. Raw bytes, two per element
// ("V2", what NumPy makes of bfloat16), are read as bfloat16. Throws Error for anything else.
Tensor read_npy(const std::string& path);

// The same from where `file` stands, of so many bytes; `path` is for messages.
Tensor read_npy(std::istream& file, int64_t size_bytes, const std::string& path);

// What a file of version 1 starts with; the elements follow, little-endian and row-major. Throws
// Error for a type that NumPy lacks.
std::string npy_header(DataType type, const std::vector<int64_t>& shape);

}  // namespace dnnbench
