// SHA-256 of a file or text as 64 hexadecimal digits.
#pragma once

#include <string>
#include <string_view>

namespace dnnbench {

// Throws Error when the file can't be read.
std::string sha256_of_file(const std::string& path);
std::string sha256_of_text(std::string_view text);

}  // namespace dnnbench
