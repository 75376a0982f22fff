// A value that may be absent, as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

namespace dnnbench {

template <typename T>
nlohmann::ordered_json or_null(const std::optional<T>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json();
}

}  // namespace dnnbench
