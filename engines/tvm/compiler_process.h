// TVM's compiler, which is Python: a child process that reads a model and writes a library
// and its weights. It is
// in the worker's process group, so whatever ends the worker ends it too.
#pragma once

#include <map>
#include <string>

#include "core/load_config.h"
#include "tvm_cache.h"

namespace dnnbench::tvm_runtime {

// What compiled code depends on beside the model and the machine: the compiler's sources and the
// versions of all its packages, as one text.
std::string compiler_fingerprint();

// What the compiler tells of its work: the target, the schedules, ...
using CompilerReport = std::map<std::string, std::string>;

// Compiles the model that `config` names into these files, in a folder that takes others too.
// Throws Unsupported or Error with the compiler's own reason, std::bad_alloc where memory ran out.
CompilerReport compile(const LoadConfig& config, const CompiledFiles& files);

}  // namespace dnnbench::tvm_runtime
