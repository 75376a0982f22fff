#include "results/label_words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <initializer_list>
#include <optional>

#include "results/result_file.h"
#include "run/candidate.h"

namespace dnnbench {
namespace {

using nlohmann::json;

std::string text_of(const json& object, const char* key) {
  const json& value = get(object, key);
  return value.is_string() ? value.get<std::string>() : "";
}

std::optional<int64_t> count_of(const json& object, const char* key) {
  const json& value = get(object, key);
  return value.is_number_integer() ? std::optional(value.get<int64_t>()) : std::nullopt;
}

// What follows `begin`, up to the first of `ends`; "" where it is not there.
std::string between(const std::string& text, const std::string& begin,
                    std::initializer_list<const char*> ends) {
  const size_t at = text.find(begin);
  if (at == std::string::npos) return "";
  std::string rest = text.substr(at + begin.size());
  for (const char* end : ends) rest = rest.substr(0, rest.find(end));
  return rest;
}

// "x 1x3x320x320" per input.
std::string shapes_in_words(const json& object) {
  std::vector<std::string> shapes;
  const json& inputs = get(object, "input_shapes");
  if (!inputs.is_object()) return "";
  for (const auto& [name, shape] : inputs.items()) {
    std::vector<std::string> sizes;
    for (const json& size : shape) sizes.push_back(size.dump());
    shapes.push_back(fmt::format("{} {}", name, fmt::join(sizes, "x")));
  }
  return fmt::format("{}", fmt::join(shapes, " and "));
}

// The provider, of older files and those of 2021 the beginning of backend_meta; "" for "cpu".
std::string provider_of(const json& object, const std::string& meta) {
  const std::string provider = text_of(object, "provider");
  if (!provider.empty()) return provider;
  const std::string variant = meta.substr(0, meta.find('-'));
  return get(object, "provider").is_null() && variant != "cpu" ? variant : "";
}

std::string with(const std::string& before, const std::string& text,
                 const std::string& after = "") {
  return text.empty() ? "" : before + text + after;
}

}  // namespace

LabelWords label_words(const json& object, bool quantized) {
  const std::string meta = text_of(object, "backend_meta");
  const std::string mode = text_of(object, "mode");
  const bool is_latency = mode.empty() || mode == "latency";
  std::string settings = is_latency ? meta : text_of(get(object, mode.c_str()), "settings");
  if (settings.empty()) settings = meta;
  const auto is_set = [&](const char* key) { return settings.find(key) != std::string::npos; };
  const std::optional<int64_t> streams = count_of(object, "streams"),
                               threads = count_of(object, "threads"),
                               batch = count_of(object, "batch"),
                               number = count_of(object, "number"), seed = count_of(object, "seed");
  const std::string of_mode = is_latency ? "" : between(meta, "-mode=", {});
  LabelWords words;
  words.engine = engine_name(text_of(object, "backend"), provider_of(object, meta));
  if (quantized && !is_quantised(text_of(object, "precision"))) words.engine += ", quantised";
  words.version = text_of(object, "engine_version");
  words.settings = meta;
  words.parts = {
      object.contains("schema_version") ? text_of(object, "device")
                                        : "",  // variants of 2021 say it
      precision_in_words(text_of(object, "precision")),
      streams ? counted(*streams, "process", "processes") : "",
      threads && is_set("-threads=") ? counted(*threads, "thread") : "",
      batch ? fmt::format("batch {}", *batch) : "",
      number.value_or(1) == 1 ? "" : fmt::format("{} inferences per measurement", *number),
      is_set("-shape=") ? shapes_in_words(object) : "",
      seed && is_set("-seed=") ? fmt::format("seed {}", *seed) : "",
      with("input ", between(settings, "-input=", {"-test-data=", "-mode="})),
      with("test data ", between(settings, "-test-data=", {"-mode="})),
      is_latency ? "" : mode + " mode",
      with("", between(of_mode, "-rate=", {"-slo-p99="}), "/s"),
      with("p99 within ", between(of_mode, "-slo-p99=", {}), " s"),
  };
  return words;
}

}  // namespace dnnbench
