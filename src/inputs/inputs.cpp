#include "inputs/inputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "core/error.h"
#include "core/random_numbers.h"

namespace dnnbench {
namespace {

constexpr ValueRange kFloats{-1, 1};
constexpr ValueRange kPowersOfTwo{0.25, 4};  // float8e8m0 has neither sign nor zero
constexpr ValueRange kIntegers{0, 9};
constexpr int64_t kWords = 100;
constexpr double kOtherContent = 0.01;

ValueRange usual_range(DataType type) {
  if (type == DataType::kBool) return {0, 1};
  if (type == DataType::kFloat8E8M0) return kPowersOfTwo;
  if (is_floating_point(type)) return kFloats;
  const int bits = static_cast<int>(bit_width(type));
  if (bits > 8) return kIntegers;
  const bool has_sign = type == DataType::kInt8 || type == DataType::kInt4;
  return has_sign ? ValueRange{-std::ldexp(1, bits - 1), std::ldexp(1, bits - 1) - 1}
                  : ValueRange{0, std::ldexp(1, bits) - 1};
}

void fill_randomly(const ValueRange& range, RandomNumbers& random, Tensor& tensor) {
  const auto count = static_cast<size_t>(tensor.element_count());
  const bool complex = tensor.type == DataType::kComplex64 || tensor.type == DataType::kComplex128;
  std::vector<double> values(complex ? 2 * count : count);
  const auto low = static_cast<int64_t>(std::ceil(range.low));
  const auto high = std::max(low, static_cast<int64_t>(std::floor(range.high)));
  for (double& value : values) {
    value = is_floating_point(tensor.type) ? random.uniform(range.low, range.high)
                                           : static_cast<double>(random.integer(low, high));
  }
  from_doubles(values, tensor);
}

Tensor random_tensor(const Model& model, const ModelValue& input, const std::vector<int64_t>& shape,
                     RandomNumbers random) {
  Tensor tensor = make_tensor(input.type, shape);
  if (input.type == DataType::kString) {
    for (std::string& word : tensor.strings) {
      word = fmt::format("word{}", random.integer(0, kWords - 1));
    }
    return tensor;
  }
  const auto restricted = model.input_ranges.find(input.name);
  fill_randomly(
      restricted == model.input_ranges.end() ? usual_range(input.type) : restricted->second, random,
      tensor);
  return tensor;
}

template <typename T>
bool parse(const std::string& text, T& number) {
  const char* end = text.data() + text.size();
  const auto [next, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && next == end;
}

// One element of that type, exactly the number in the text. False when the type can't hold it.
bool parse_element(const std::string& text, Tensor& element) {
  int64_t whole = 0;
  if (element.type == DataType::kInt64) return parse(text, element.as<int64_t>()[0]);
  if (element.type == DataType::kUint64) return parse(text, element.as<uint64_t>()[0]);
  if (element.type == DataType::kString) return false;
  if (!is_floating_point(element.type)) {
    if (!parse(text, whole)) return false;
    from_doubles(std::vector<double>{static_cast<double>(whole)}, element);
    return to_doubles(element)[0] == static_cast<double>(whole);
  }
  double number = 0;
  if (!parse(text, number)) return false;
  std::vector<double> parts = to_doubles(element);
  parts[0] = number;
  from_doubles(parts, element);
  return true;
}

Tensor filled_tensor(const ModelValue& input, const std::vector<int64_t>& shape,
                     const std::string& number) {
  Tensor element = make_tensor(input.type, {});
  if (!parse_element(number, element)) {
    throw UsageError(fmt::format("input '{}' is {} and can't be filled with {}", input.name,
                                 describe(input), number));
  }
  Tensor tensor = make_tensor(input.type, shape);
  if (bit_width(input.type) < 8) {
    from_doubles(
        std::vector<double>(static_cast<size_t>(tensor.element_count()), to_doubles(element)[0]),
        tensor);
    return tensor;
  }
  const size_t width = element.bytes.size();
  for (size_t at = 0; at < tensor.bytes.size(); at += width) {
    std::memcpy(&tensor.bytes[at], element.bytes.data(), width);
  }
  return tensor;
}

Value make_input(const Model& model, const ModelValue& input, const InputShapes& shapes,
                 const GivenInputs& given, const RandomNumbers& random) {
  if (const auto value = given.values.find(input.name); value != given.values.end()) {
    return value->second;
  }
  if (input.kind != ModelValue::Kind::kTensor) {
    throw Error(
        fmt::format("input '{}' is a {} and can't be made up; give all inputs with "
                    "--test-data=FOLDER",
                    input.name, to_string(input.kind)));
  }
  if (to_string(input.type) == "undefined") {
    throw Error(fmt::format("input '{}' has an element type that is not known", input.name));
  }
  const std::vector<int64_t>& shape = shapes.at(input.name);
  const auto fill = given.fills.find(input.name);
  return make_value(input.name, fill == given.fills.end()
                                    ? random_tensor(model, input, shape, random)
                                    : filled_tensor(input, shape, fill->second));
}

// Half the distance of two neighbouring numbers, relative to them: less would move none.
double rounding_of(DataType type) {
  if (type == DataType::kFloat16) return 0x1p-11;
  return type == DataType::kBfloat16 ? 0x1p-8 : 0;
}

}  // namespace

double estimated_input_bytes(const Model& model, const InputShapes& shapes) {
  constexpr double kCopies = 3;  // both sets, and one that is perturbed
  double bytes = 0;
  for (const ModelValue& input : model.inputs) {
    const auto shape = shapes.find(input.name);
    if (shape == shapes.end()) continue;
    double count = 1;
    for (const int64_t size : shape->second) count *= static_cast<double>(size);
    const double width = input.type == DataType::kString
                             ? static_cast<double>(sizeof(std::string))
                             : static_cast<double>(bit_width(input.type)) / 8;
    bytes += count * (kCopies * width + sizeof(double));  // made as doubles
  }
  return bytes;
}

std::vector<Value> make_inputs(const Model& model, const InputShapes& shapes, uint64_t seed,
                               const GivenInputs& given) {
  std::vector<Value> inputs;
  for (const ModelValue& input : model.inputs) {
    const RandomNumbers random(seed, static_cast<uint32_t>(inputs.size()));
    inputs.push_back(make_input(model, input, shapes, given, random));
  }
  return inputs;
}

std::vector<Value> make_other_inputs(const Model& model, const InputShapes& shapes, uint64_t seed,
                                     const GivenInputs& given) {
  std::vector<Value> inputs = make_inputs(model, shapes, seed + 1, given);
  std::vector<Value> perturbed = perturb(inputs, kOtherContent, seed + 1);
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (given.values.count(inputs[i].name) > 0) inputs[i] = std::move(perturbed[i]);
  }
  return inputs;
}

std::vector<Value> perturb(const std::vector<Value>& inputs, double relative, uint64_t seed,
                           bool by_rounding) {
  std::vector<Value> perturbed = inputs;
  for (size_t i = 0; i < perturbed.size(); ++i) {
    RandomNumbers random(seed, static_cast<uint32_t>(i));
    for (Tensor& tensor : perturbed[i].tensors) {
      if (!is_floating_point(tensor.type)) continue;
      const double most = by_rounding ? std::max(relative, rounding_of(tensor.type)) : relative;
      std::vector<double> values = to_doubles(tensor);
      for (double& value : values) value *= 1 + random.uniform(-most, most);
      from_doubles(values, tensor);
    }
  }
  return perturbed;
}

}  // namespace dnnbench
