// Whole files: read at once, and written so that they are there whole or not at all, also after a
// power loss.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace dnnbench {

// Its bytes, also of a file in /proc; nothing where it can't be read to its end.
std::optional<std::string> read_whole_file(const std::filesystem::path& path);

// Where write_whole_file writes before it renames.
std::string unfinished_path(const std::string& path);

// Writes a temporary file in the same folder, makes it durable, renames it, and makes that durable,
// too. Throws Error, which names `what` and the path, when that fails; an earlier file of that name
// then is untouched.
void write_whole_file(const std::string& path, const std::string& text, const std::string& what);

}  // namespace dnnbench
