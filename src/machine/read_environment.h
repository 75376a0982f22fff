// Reads the machine's facts, and what follows from them for every engine: the number of threads.
#pragma once

#include <string>

#include "machine/environment.h"

namespace dnnbench {

// `root` stands before /proc, /sys and /etc, for tests.
Environment read_environment(const std::string& root = "");

// Threads that every engine gets unless the user says otherwise: one for each physical core that
// this process may use, and not more than the whole CPUs in its quota; at least 1.
int default_threads(const Environment& environment);

// Whether the processor has instructions that add products of 8 bits in 32: VNNI or AMX on x86, and
// on Arm those of the dot-product and matrix extensions.
bool has_int8_products(const Environment& environment);

// Whether sums of 8-bit products may overflow: x86 processors without those add two in 16 bits.
bool may_overflow_int8_sums(const Environment& environment);

}  // namespace dnnbench
