// What lies in a folder. By readdir: std::filesystem's iterator ends the program where it finds no
// memory.
#pragma once

#include <string>
#include <vector>

namespace dnnbench {

// The names, sorted, without "." and ".."; none where it is no folder that can be read.
std::vector<std::string> names_in(const std::string& folder);

}  // namespace dnnbench
