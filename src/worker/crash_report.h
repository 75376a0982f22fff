// What a process that crashes says of its memory. A library that got none may go on with a null
// pointer, and its crash then looks like any other.
#pragma once

namespace dnnbench {

// From now on a fatal signal (a fault or an abort) writes "out of memory: ..." to stderr where
// memory has ended, and ends the process as it does without this: this thread's last failed call
// got no memory, and less than an eighth of what the process may have (RLIMIT_DATA) is left.
void report_memory_at_crashes();

}  // namespace dnnbench
