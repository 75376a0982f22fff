// TVM's compiler, which is Python: a child process that reads a model and writes a library
// and its weights. It is
// in the worker's process group, so whatever ends the worker ends it too.
#pragma once

#include <string>

#include "protocol/load_config.h"
#include "tvm_cache.h"

namespace dnnbench::tvm_runtime {

// What compiled code depends on beside the model and the machine: the compiler's sources and the
// versions of all its packages, as one text.
std::string compiler_fingerprint();

// Compiles the model that `config` names into these files, in a folder that takes others too.
// Throws Unsupported or Error with the compiler's own reason, std::bad_alloc where memory ran out.
CompiledModel compile(const LoadConfig& config, const CompiledFiles& files);

// Looks for faster schedules for so many seconds, and writes what is faster, or the same again,
// into these files. `own` is what was compiled before; `records_folder` knows what was tried
// before. Takes longer than that: the model is compiled again, and compared. Throws Error with the
// reason where nothing came of it, or not in time.
CompiledModel tune(const LoadConfig& config, const CompiledModel& own, double search_s,
                   const std::string& records_folder, const CompiledFiles& files);

}  // namespace dnnbench::tvm_runtime
