#include "results/write_result.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "core/error.h"
#include "core/printable.h"
#include "core/sha256.h"

namespace dnnbench {
namespace {

constexpr size_t kLongestName = 200;
constexpr size_t kLongestModel = 100;
constexpr size_t kHashDigits = 8;

std::string with_safe_characters(std::string text) {
  for (char& c : text) {
    const bool safe = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                      std::string_view("._=+@-").find(c) != std::string_view::npos;
    if (!safe) c = '_';
  }
  return text;
}

std::string short_hash(const std::string& text) {
  return sha256_of_text(text).substr(0, kHashDigits);
}

// Cut between two characters of UTF-8, and told apart from others that begin alike.
std::string shortened(const std::string& text, size_t longest) {
  if (text.size() <= longest) return text;
  size_t end = longest - kHashDigits - 1;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "-" + short_hash(text);
}

std::string stem_of(const std::string& model, const std::string& device, const std::string& backend,
                    const std::string& meta) {
  const std::string name = shortened(model, kLongestModel + kHashDigits + 1);
  const std::string head = fmt::format("{}-quant=0-{}-{}-", name, device, backend);
  return head + shortened(meta, kLongestName - head.size());
}

// The model's SHA-256 in a result file as write_result writes them; "" where there is none.
std::string stored_sha256(const std::string& path) {
  static const std::string kKey = "\"model_sha256\": \"";
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const size_t at = line.find(kKey);
    if (at == std::string::npos || at > 4) continue;
    return line.substr(at + kKey.size(), line.find('"', at + kKey.size()) - at - kKey.size());
  }
  return "";
}

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

std::string backend_meta(const std::string& variant, const std::vector<std::string>& settings) {
  std::string meta = variant;
  for (const std::string& setting : settings) meta += "-" + setting;
  return with_safe_characters(meta);
}

std::string result_stem(const std::string& model_path, const std::string& device,
                        const std::string& backend, const std::string& meta) {
  return stem_of(std::filesystem::path(model_path).stem().string(), device, backend, meta);
}

std::string free_result_stem(const std::string& folder, const std::string& model_sha256,
                             const std::string& model_path, const std::string& device,
                             const std::string& backend, const std::string& meta) {
  const std::string stem = result_stem(model_path, device, backend, meta);
  const std::string there = stored_sha256(folder + "/" + stem + ".json");
  if (there.empty() || there == model_sha256) return stem;
  const std::string model = std::filesystem::path(model_path).stem().string();
  return stem_of(shortened(model, kLongestModel) + "@" + model_sha256.substr(0, kHashDigits),
                 device, backend, meta);
}

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
