#include "results/write_result.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "core/error.h"
#include "core/printable.h"

namespace dnnbench {
namespace {

[[noreturn]] void fail(const std::string& path, const std::string& temporary) {
  const std::string why = std::strerror(errno);
  unlink(temporary.c_str());
  throw Error(fmt::format("could not write the result {}: {}", path, why));
}

void write_all(int fd, const std::string& text, const std::string& path,
               const std::string& temporary) {
  size_t written = 0;
  while (written < text.size()) {
    const ssize_t count = write(fd, text.data() + written, text.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      close(fd);
      fail(path, temporary);
    }
    written += static_cast<size_t>(count);
  }
}

// Texts from models, files and libraries, as anything may show them: no terminal or picture must
// obey what is in them. Paths stay as they are, for they lead to files.
void make_printable(nlohmann::ordered_json& value) {
  if (value.is_string()) {
    value = printable(value.get_ref<const std::string&>());
  } else if (value.is_array()) {
    for (auto& element : value) make_printable(element);
  } else if (value.is_object()) {
    for (auto& [key, member] : value.items()) {
      if (!key.ends_with("_path")) make_printable(member);
    }
  }
}

// Readable in an editor and in a diff, although thousands of samples are in it.
std::string one_key_a_line(const nlohmann::ordered_json& object) {
  std::string text = "{";
  for (const auto& [key, value] : object.items()) {
    // A name or message from a model or library may hold bytes that are not UTF-8.
    const std::string json_value =
        value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    text += fmt::format("{}\n \"{}\": {}", text.size() > 1 ? "," : "", key, json_value);
  }
  return text + "\n}\n";
}

}  // namespace

std::string unfinished_path(const std::string& output_path) {
  return fmt::format("{}.{}.tmp", output_path, getpid());
}

void write_result(const Result& result) {
  const std::string& path = result.output_path;
  const std::string temporary = unfinished_path(path);
  nlohmann::ordered_json object = to_json(result);
  make_printable(object);
  const std::string text = one_key_a_line(object);
  const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) fail(path, temporary);
  write_all(fd, text, path, temporary);
  const bool synced = fsync(fd) == 0;
  if (close(fd) != 0 || !synced || std::rename(temporary.c_str(), path.c_str()) != 0) {
    fail(path, temporary);
  }
}

}  // namespace dnnbench
