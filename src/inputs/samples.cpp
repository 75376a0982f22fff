#include "inputs/samples.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>
#include <string_view>

#include "core/error.h"
#include "core/sha256.h"
#include "inputs/npy.h"
#include "inputs/npz.h"
#include "onnx/test_data.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxCalibrating = 16;
constexpr double kLargestLabel = 9007199254740992;  // 2^53, up to which doubles are exact

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// As long as digits follow; without zeros in front.
std::string_view take_number(std::string_view& text) {
  const size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
  std::string_view number = text.substr(0, end);
  text.remove_prefix(end);
  number.remove_prefix(std::min(number.find_first_not_of('0'), number.size()));
  return number;
}

// Digits that follow each other are a number: "set_2" comes before "set_10".
bool is_before(const fs::path& a, const fs::path& b) {
  const std::string whole_a = a.filename().string(), whole_b = b.filename().string();
  std::string_view left = whole_a, right = whole_b;
  while (!left.empty() && !right.empty()) {
    if (is_digit(left[0]) && is_digit(right[0])) {
      const std::string_view number = take_number(left), other = take_number(right);
      if (number.size() != other.size()) return number.size() < other.size();
      if (number != other) return number < other;
    } else {
      if (left[0] != right[0]) return left[0] < right[0];
      left.remove_prefix(1);
      right.remove_prefix(1);
    }
  }
  if (left.empty() != right.empty()) return left.empty();
  return whole_a < whole_b;  // "1" and "01"
}

std::vector<fs::path> sorted_entries(const std::string& folder) {
  std::vector<fs::path> entries;
  for (const auto& entry : fs::directory_iterator(folder)) entries.push_back(entry.path());
  std::sort(entries.begin(), entries.end(), is_before);
  return entries;
}

// How many samples of `shape` an array holds; 0 where it doesn't fit.
int64_t samples_in(const std::vector<int64_t>& array, const std::vector<int64_t>& shape) {
  if (array == shape) return 1;
  if (element_count(shape) == 0) return 0;  // any number of them would fit
  if (array.size() == shape.size() + 1 && std::equal(shape.begin(), shape.end(), array.begin() + 1))
    return array[0];
  const bool larger = array.size() == shape.size() && !shape.empty() && shape[0] > 0 &&
                      std::equal(shape.begin() + 1, shape.end(), array.begin() + 1) &&
                      array[0] % shape[0] == 0;
  return larger ? array[0] / shape[0] : 0;
}

// The samples of one array, each of the input's shape.
std::vector<Tensor> split(const Tensor& array, const ModelValue& input,
                          const std::vector<int64_t>& shape, const std::string& path) {
  if (array.type != input.type) {
    throw Error(fmt::format("{} contains {}, but input '{}' is {}; convert it", path,
                            describe(array.type, array.shape), input.name, describe(input)));
  }
  const int64_t count = samples_in(array.shape, shape);
  if (count == 0) {
    throw Error(fmt::format(
        "{} contains {}, but input '{}' is {}; give samples along the first dimension", path,
        describe(array.type, array.shape), input.name, describe(input.type, shape)));
  }
  std::vector<Tensor> samples;
  const size_t bytes = array.bytes.size() / static_cast<size_t>(count);
  for (int64_t i = 0; i < count; ++i) {
    Tensor sample = make_tensor(array.type, shape);
    std::memcpy(sample.bytes.data(), array.bytes.data() + static_cast<size_t>(i) * bytes, bytes);
    samples.push_back(std::move(sample));
  }
  return samples;
}

// Appends the samples that these arrays, one per input, hold.
void append(const Model& model, const InputShapes& shapes,
            const std::map<std::string, Tensor>& arrays, const std::string& path,
            std::vector<InputSample>& samples) {
  std::vector<std::vector<Tensor>> columns;
  for (const ModelValue& input : model.inputs) {
    auto array = arrays.find(input.name);
    if (array == arrays.end() && model.inputs.size() == 1 && arrays.size() == 1) {
      array = arrays.begin();
    }
    if (array == arrays.end()) {
      throw Error(fmt::format("{} has no array for input '{}'; the model's inputs are {}", path,
                              input.name, input_names(model)));
    }
    columns.push_back(split(array->second, input, shapes.at(input.name), path));
    if (columns.back().size() == columns.front().size()) continue;
    throw Error(fmt::format("{} contains {} samples of input '{}', but {} of '{}'", path,
                            columns.back().size(), input.name, columns.front().size(),
                            model.inputs[0].name));
  }
  for (size_t i = 0; !columns.empty() && i < columns[0].size(); ++i) {
    InputSample sample;
    for (size_t c = 0; c < columns.size(); ++c) {
      sample.push_back(make_value(model.inputs[c].name, std::move(columns[c][i])));
    }
    samples.push_back(std::move(sample));
  }
}

InputSample read_test_set(const Model& model, const InputShapes& shapes,
                          const std::string& folder) {
  TestData data = read_test_data(folder, model);
  if (data.inputs.size() != model.inputs.size()) {
    throw Error(fmt::format("{} contains {} inputs, but the model has {}", folder,
                            data.inputs.size(), model.inputs.size()));
  }
  for (const Value& input : data.inputs) {
    const auto shape = shapes.find(input.name);
    if (shape == shapes.end() || input.tensor().shape == shape->second) continue;
    throw Error(fmt::format("{} contains {} for input '{}', but {} is measured; see --shape",
                            folder, describe(input.tensor().type, input.tensor().shape), input.name,
                            describe(input.tensor().type, shape->second)));
  }
  return std::move(data.inputs);
}

}  // namespace

std::vector<InputSample> read_samples(const Model& model, const InputShapes& shapes,
                                      const std::string& folder) {
  for (const ModelValue& input : model.inputs) {
    if (input.kind == ModelValue::Kind::kTensor && input.type != DataType::kString) continue;
    throw Error(fmt::format("--calibration can't give input '{}', which is a {}", input.name,
                            describe(input)));
  }
  std::vector<InputSample> samples;
  std::map<std::string, Tensor> arrays;
  for (const fs::path& path : sorted_entries(folder)) {
    if (path.extension() == ".npy") arrays[path.stem().string()] = read_npy(path.string());
    if (path.extension() == ".npz") {
      append(model, shapes, read_npz(path.string()), path.string(), samples);
    }
    if (fs::is_directory(path) && path.filename().string().rfind("test_data_set_", 0) == 0) {
      samples.push_back(read_test_set(model, shapes, path.string()));
    }
  }
  if (!arrays.empty()) append(model, shapes, arrays, folder, samples);
  if (samples.size() < 2) {
    throw Error(fmt::format(
        "--calibration={} contains {} samples, but 2 are needed, better 16: .npy files named as "
        "the "
        "inputs ({}) with samples along the first dimension, .npz files, or test_data_set_ folders",
        folder, samples.size(), input_names(model)));
  }
  return samples;
}

std::string sha256_of(const InputSample& sample) {
  std::string text;
  for (const Value& value : sample) {
    text += value.name;
    for (const Tensor& tensor : value.tensors) {
      text += describe(tensor.type, tensor.shape);
      text +=
          sha256_of_text({reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size()});
      for (const std::string& one : tensor.strings) text += sha256_of_text(one);
    }
  }
  return sha256_of_text(text);
}

std::vector<std::vector<int64_t>> read_labels(const std::string& path, size_t samples) {
  const Tensor labels = read_npy(path);
  const auto count = static_cast<size_t>(labels.element_count());
  if (!is_integer(labels.type) || samples == 0 || count == 0 || count % samples != 0) {
    throw Error(
        fmt::format("{} contains {}, but whole numbers are needed, one for each of {} samples",
                    path, describe(labels.type, labels.shape), samples));
  }
  const std::vector<double> numbers = to_doubles(labels);
  const double largest = *std::max_element(numbers.begin(), numbers.end());
  if (largest > kLargestLabel)
    throw Error(fmt::format("{} holds {:.0f}, which is not a class", path, largest));
  const size_t each = count / samples;
  std::vector<std::vector<int64_t>> of_samples(samples);
  for (size_t i = 0; i < count; ++i) {
    of_samples[i / each].push_back(static_cast<int64_t>(numbers[i]));
  }
  return of_samples;
}

std::vector<bool> calibrating_samples(size_t count) {
  const size_t chosen = std::min(kMaxCalibrating, count * 3 / 4);
  std::vector<bool> calibrating(count, false);
  for (size_t i = 0; i < chosen; ++i) calibrating[i * count / chosen] = true;
  return calibrating;
}

}  // namespace dnnbench
