// Runs a program of the system's and takes what it prints.
#pragma once

#include <string>
#include <vector>

namespace dnnbench {

struct CommandOutput {
  int code = 0;  // exit status; 128 + the signal's number where one ended it; 127: no such program
  std::string out;
  std::string err;
};

// The first word is looked up in PATH. `input` is its standard input. Throws Error where no process
// can be made.
CommandOutput run_command(const std::vector<std::string>& words, const std::string& input = "");

// Whether PATH has a program of that name.
bool is_command(const std::string& name);

}  // namespace dnnbench
