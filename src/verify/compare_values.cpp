#include "verify/compare_values.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>

namespace dnnbench {
namespace {

std::string_view to_string(Value::Kind kind) {
  switch (kind) {
    case Value::Kind::kTensor:
      return "a tensor";
    case Value::Kind::kSequence:
      return "a sequence";
    case Value::Kind::kNone:
      return "an empty optional";
  }
  return "";
}

bool element_equal(const Tensor& a, const Tensor& b, size_t i) {
  const size_t bits = bit_width(a.type);
  if (a.type == DataType::kBool) {
    return (a.bytes[i] == std::byte{0}) == (b.bytes[i] == std::byte{0});
  }
  if (bits == 4) {
    const int shift = i % 2 == 0 ? 0 : 4;
    return ((a.bytes[i / 2] ^ b.bytes[i / 2]) >> shift & std::byte{15}) == std::byte{0};
  }
  const size_t width = bits / 8;
  return std::memcmp(&a.bytes[i * width], &b.bytes[i * width], width) == 0;
}

size_t largest_at(std::span<const double> row) {
  return static_cast<size_t>(std::max_element(row.begin(), row.end()) - row.begin());
}

}  // namespace

std::string describe_mismatch(const Value& expected, const Value& got, size_t position) {
  if (!expected.name.empty() && expected.name != got.name) {
    return fmt::format("Output {} is called {}, not {}.", position, got.name, expected.name);
  }
  if (expected.kind != got.kind) {
    return fmt::format("Output {} is {} instead of {}.", got.name, to_string(got.kind),
                       to_string(expected.kind));
  }
  if (expected.tensors.size() != got.tensors.size()) {
    return fmt::format("Output {} is a sequence of {} tensors instead of {}.", got.name,
                       got.tensors.size(), expected.tensors.size());
  }
  for (size_t i = 0; i < expected.tensors.size(); ++i) {
    const Tensor& a = expected.tensors[i];
    const Tensor& b = got.tensors[i];
    if (a.type == b.type && a.shape == b.shape) {
      if (a.bytes.size() == b.bytes.size() && a.strings.size() == b.strings.size()) continue;
      return fmt::format("Output {} does not hold as many elements as its shape says.", got.name);
    }
    return fmt::format("Output {} is {} instead of {}.", got.name, describe(b.type, b.shape),
                       describe(a.type, a.shape));
  }
  return "";
}

bool has_elements(const std::vector<Value>& outputs) {
  return std::any_of(outputs.begin(), outputs.end(), [](const Value& output) {
    return std::any_of(output.tensors.begin(), output.tensors.end(),
                       [](const Tensor& tensor) { return tensor.element_count() > 0; });
  });
}

std::vector<size_t> differing_elements(const Tensor& a, const Tensor& b) {
  std::vector<size_t> differing;
  const bool strings = a.type == DataType::kString;
  const auto count = static_cast<size_t>(a.element_count());
  for (size_t i = 0; i < count; ++i) {
    if (strings ? a.strings[i] != b.strings[i] : !element_equal(a, b, i)) differing.push_back(i);
  }
  return differing;
}

std::string describe_position(size_t flat, std::span<const int64_t> shape) {
  std::vector<size_t> indices(shape.size());
  for (size_t axis = shape.size(); axis-- > 0;) {
    const auto size = static_cast<size_t>(std::max<int64_t>(shape[axis], 1));
    indices[axis] = flat % size;
    flat /= size;
  }
  return fmt::format("[{}]", fmt::join(indices, ", "));
}

std::string describe_element(const Tensor& tensor, size_t flat) {
  if (tensor.type == DataType::kString) return fmt::format("\"{}\"", tensor.strings[flat]);
  if (tensor.type == DataType::kInt64) return fmt::format("{}", tensor.as<int64_t>()[flat]);
  if (tensor.type == DataType::kUint64) return fmt::format("{}", tensor.as<uint64_t>()[flat]);
  const double value = to_doubles(tensor)[flat];
  if (tensor.type == DataType::kBool) return value == 0 ? "false" : "true";
  return fmt::format("{:.9g}", value);
}

std::optional<double> top1_agreement(const Tensor& reference, const Tensor& got) {
  std::vector<int64_t> shape = reference.shape;
  while (!shape.empty() && shape.back() == 1) shape.pop_back();
  if (shape.size() != 2 || shape[0] < 1 || shape[1] < 2) return std::nullopt;
  if (!is_floating_point(reference.type)) return std::nullopt;
  const std::vector<double> expected = to_doubles(reference);
  const std::vector<double> others = to_doubles(got);
  if (expected.size() != static_cast<size_t>(shape[0] * shape[1])) return std::nullopt;  // complex
  const auto width = static_cast<size_t>(shape[1]);
  const auto rows = static_cast<size_t>(shape[0]);
  size_t agreeing = 0;
  for (size_t row = 0; row < rows; ++row) {
    const auto expected_row = std::span(expected).subspan(row * width, width);
    const size_t chosen = largest_at(std::span(others).subspan(row * width, width));
    if (expected_row[chosen] >= expected_row[largest_at(expected_row)]) ++agreeing;
  }
  return static_cast<double>(agreeing) / static_cast<double>(rows);
}

}  // namespace dnnbench
