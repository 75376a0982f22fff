#include "results/result_file.h"

#include <fmt/format.h>

#include <fstream>

#include "core/error.h"
#include "results/take_numbers.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr uintmax_t kMaxFileBytes = 512'000'000;
constexpr size_t kMaxDepth = 100;

std::string read_text(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) throw Error("it is not a regular file");
  std::ifstream file(path, std::ios::binary);
  const uintmax_t size = fs::file_size(path, error);
  if (!file || error) throw Error("it can't be read");
  if (size > kMaxFileBytes) {
    throw Error(fmt::format("it is larger than {} MB", kMaxFileBytes / 1'000'000));
  }
  std::string text(static_cast<size_t>(size), '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
}

// Whether arrays and objects lie deeper in each other than any result's: what reads and prints JSON
// calls itself for each level.
bool is_nested_too_deeply(const std::string& text) {
  size_t depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxDepth) return true;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return false;
}

}  // namespace

const json& get(const json& object, const char* key) {
  static const json kNull;
  if (!object.is_object()) return kNull;
  const auto found = object.find(key);
  return found == object.end() ? kNull : *found;
}

ResultFile read_result_file(const std::filesystem::path& path) {
  std::string text = read_text(path);
  if (is_nested_too_deeply(text)) throw Error("broken JSON: nested too deeply");
  const std::string whole = text;
  ResultFile parsed;
  parsed.data = take_numbers(text, "data", "true");
  take_numbers(text, "start_s", "[]");
  parsed.block = take_numbers(text, "block", "[]").value_or(std::vector<double>());
  parsed.object = json::parse(text, nullptr, false);
  if (parsed.data && !(get(parsed.object, "data") == true)) {  // it was another object's
    parsed = {json::parse(whole, nullptr, false), std::nullopt, {}};
  }
  if (parsed.object.is_discarded()) throw Error("broken JSON");
  if (!parsed.object.is_object()) throw Error("it is not a result: not a JSON object");
  return parsed;
}

}  // namespace dnnbench
