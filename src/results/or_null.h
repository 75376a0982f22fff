// A value that may be absent, as JSON.
#pragma once

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

namespace dnnbench {

template <typename T>
nlohmann::ordered_json or_null(const std::optional<T>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json();
}

inline nlohmann::ordered_json finite_or_null(std::optional<double> value) {
  return value && std::isfinite(*value) ? nlohmann::ordered_json(*value) : nlohmann::ordered_json();
}

template <typename T>
nlohmann::ordered_json or_null(const std::vector<T>& values) {  // empty: absent
  return values.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(values);
}

}  // namespace dnnbench
