// NumPy's .npz files as numpy.savez writes them: a zip archive, not compressed, of .npy files.
#pragma once

#include <map>
#include <string>

#include "core/tensor.h"

namespace dnnbench {

// The arrays by name. Throws Error for a file that is not such an archive, and for one that is
// compressed, as numpy.savez_compressed writes it.
std::map<std::string, Tensor> read_npz(const std::string& path);

}  // namespace dnnbench
