// What lies in a folder, and which is for temporary files. By readdir: std::filesystem's iterator
// ends the program where it finds no memory.
#pragma once

#include <string>
#include <vector>

namespace dnnbench {

// The names, sorted, without "." and ".."; none where it is not a readable folder.
std::vector<std::string> names_in(const std::string& folder);

// Where temporary files go: TMPDIR where that is a folder, otherwise /tmp.
std::string temporary_folder();

}  // namespace dnnbench
