// Tensors between parent and worker travel by file, not by pipe: a short-lived file in the run's
// work folder (shared memory where there is some). Format: the line "dnnbench values 1", a line of
// JSON that lists name, kind, element type, shape and byte count of each tensor, then the tensors'
// bytes one after the other. A string tensor's bytes are, for each element, its length as a
// little-endian uint64 and its characters.
#pragma once

#include <string>
#include <vector>

#include "core/tensor.h"

namespace dnnbench {

// Makes a new file in place of whatever lies at `path`. Throws Error when it can't be written.
void write_values(const std::string& path, const std::vector<Value>& values);

// Throws Error when the file can't be read or is not such a file: every size in it must fit the
// type and shape beside it and the file's own size. Doesn't block, whatever lies at `path`.
// `max_bytes`: of the file, 0 any.
std::vector<Value> read_values(const std::string& path, int64_t max_bytes = 0);

}  // namespace dnnbench
