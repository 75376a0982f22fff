#include "results/write_result.h"

#include <fmt/format.h>

#include "core/printable.h"
#include "core/whole_file.h"

namespace dnnbench {
namespace {

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

void write_result(const Result& result) {
  nlohmann::ordered_json object = to_json(result);
  make_printable(object);
  write_whole_file(result.output_path, one_key_a_line(object), "the result");
}

}  // namespace dnnbench
