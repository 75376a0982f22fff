#include "case.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>

#include "core/error.h"
#include "onnx.pb.h"
#include "onnx/model.h"
#include "onnx/test_data.h"
#include "verify/compare_values.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

constexpr double kAbsoluteTolerance = 1e-7;

std::string letters_of(const std::string& text) {
  std::string letters;
  for (const unsigned char c : text) {
    if (std::isalnum(c)) letters += static_cast<char>(std::tolower(c));
  }
  return letters;
}

// A test is named after its operator.
const OperatorCount& tested_operator(const std::string& name, const Model& model) {
  const std::string letters = letters_of(name.substr(std::string("test_").size()));
  const OperatorCount* best = &model.operators.front();
  size_t longest = 0;
  for (const OperatorCount& candidate : model.operators) {
    const std::string type = letters_of(candidate.type);
    if (type.size() > longest && letters.find(type) != std::string::npos) {
      best = &candidate;
      longest = type.size();
    }
  }
  return *best;
}

void set_operator(ConformanceCase& test, const std::string& name, const Model& model) {
  const OperatorCount& tested = tested_operator(name, model);
  test.op = tested.domain.empty() ? tested.type : tested.domain + "." + tested.type;
  test.opset = model.opsets.at(tested.domain);
}

bool is_plain(const std::vector<ModelValue>& values) {
  return std::all_of(values.begin(), values.end(), [](const ModelValue& value) {
    return value.kind == ModelValue::Kind::kTensor;
  });
}

std::vector<DataSet> read_data(const std::string& folder, const Model& model) {
  std::vector<DataSet> sets;
  while (fs::exists(fmt::format("{}/test_data_set_{}", folder, sets.size()))) {
    const std::string data_folder = fmt::format("{}/test_data_set_{}", folder, sets.size());
    TestData data = read_test_data(data_folder, model);
    sets.push_back({model.path, data_folder, std::move(data.inputs), std::move(data.outputs)});
  }
  return sets;
}

void remove_input(const std::string& name, onnx::GraphProto& graph) {
  auto& inputs = *graph.mutable_input();
  inputs.erase(std::remove_if(inputs.begin(), inputs.end(),
                              [&](const auto& input) { return input.name() == name; }),
               inputs.end());
}

template <typename Message>
Message read_message(const std::string& path) {
  Message message;
  std::ifstream file(path, std::ios::binary);
  if (!message.ParseFromIstream(&file)) throw Error("can't read " + path);
  return message;
}

// The model of a data set with these inputs as initializers.
onnx::ModelProto constant_model(const DataSet& set, const std::vector<size_t>& constants) {
  // Before it, an initializer had to be an input too.
  constexpr int64_t kIrVersionOfFreeInitializers = 4;
  auto model = read_message<onnx::ModelProto>(set.model_path);
  model.set_ir_version(std::max(model.ir_version(), kIrVersionOfFreeInitializers));
  for (const size_t i : constants) {
    onnx::TensorProto& tensor = *model.mutable_graph()->add_initializer();
    tensor = read_message<onnx::TensorProto>(fmt::format("{}/input_{}.pb", set.folder, i));
    tensor.set_name(set.inputs[i].name);
    remove_input(tensor.name(), *model.mutable_graph());
  }
  return model;
}

// None where nothing becomes a constant.
std::optional<DataSet> with_constants(const DataSet& set, const std::string& folder) {
  DataSet changed{folder + "/model.onnx", set.folder, {}, set.outputs};
  std::vector<size_t> constants;
  for (size_t i = 0; i < set.inputs.size(); ++i) {
    if (i > 0 && set.inputs[i].kind == Value::Kind::kTensor) {
      constants.push_back(i);
    } else {
      changed.inputs.push_back(set.inputs[i]);
    }
  }
  if (constants.empty()) return std::nullopt;
  fs::create_directories(folder);
  std::ofstream file(changed.model_path, std::ios::binary);
  constant_model(set, constants).SerializeToOstream(&file);
  if (!file.flush()) throw Error("can't write " + changed.model_path);
  return changed;
}

bool is_close(double value, double expected, double tolerance) {
  if (std::isnan(expected)) return std::isnan(value);
  if (std::isinf(expected)) return value == expected;
  return std::abs(value - expected) <= kAbsoluteTolerance + tolerance * std::abs(expected);
}

std::string tensor_difference(const Tensor& tensor, const Tensor& expected, double tolerance) {
  if (expected.type == DataType::kString) {
    return tensor.strings == expected.strings ? "" : "strings differ";
  }
  const std::vector<double> values = to_doubles(tensor);
  const std::vector<double> wanted = to_doubles(expected);
  double largest = 0;
  for (const double value : wanted) {
    if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
  }
  size_t wrong = 0;
  bool by_little = true;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (is_close(values[i], wanted[i], tolerance)) continue;
    ++wrong;
    by_little = by_little && std::abs(values[i] - wanted[i]) < tolerance * largest;
  }
  if (wrong == 0) return "";
  return fmt::format("{} of {} elements differ{}", wrong, wanted.size(),
                     by_little ? kByLittle : "");
}

}  // namespace

std::vector<std::string> list_cases(const std::string& root) {
  std::vector<std::string> names;
  if (fs::is_directory(root)) {
    for (const auto& entry : fs::directory_iterator(root)) {
      if (fs::exists(entry.path() / "model.onnx")) names.push_back(entry.path().filename());
    }
  }
  if (names.empty()) {
    throw Error("there are no node tests in " + root + "; setup/conformance.sh fetches them");
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> sample(const std::vector<std::string>& names, size_t count,
                                uint64_t seed) {
  if (count == 0 || count >= names.size()) return names;
  std::vector<std::string> some;
  std::mt19937_64 generator(seed);
  // Selection sampling (Knuth, TAOCP 3.4.2, algorithm S) keeps the order; the generator's bits are
  // used directly, since the standard's distributions differ between libraries.
  for (size_t i = 0; i < names.size() && some.size() < count; ++i) {
    if (generator() % (names.size() - i) < count - some.size()) some.push_back(names[i]);
  }
  return some;
}

ConformanceCase read_case(const std::string& root, const std::string& name) {
  ConformanceCase test;
  test.name = name;
  const std::string folder = root + "/" + name;
  const Model model = read_model(folder + "/model.onnx");
  test.tensors_only = is_plain(model.inputs) && is_plain(model.outputs);
  test.random = !model.random_operators.empty();
  test.types = model.weight_types;
  for (const ModelValue& value : model.inputs) test.types.insert(value.type);
  for (const ModelValue& value : model.outputs) test.types.insert(value.type);
  // The model of an expanded form holds the operators that its operator was expanded into.
  const std::string original = name.substr(0, name.find("_expanded"));
  const std::string original_path = root + "/" + original + "/model.onnx";
  const bool expanded = original != name && fs::exists(original_path);
  set_operator(test, original, expanded ? read_model(original_path) : model);
  test.data_sets = read_data(folder, model);
  return test;
}

std::optional<ConformanceCase> with_constants(const ConformanceCase& test,
                                              const std::string& folder) {
  ConformanceCase changed = test;
  changed.name += kConstantsSuffix;
  changed.form = Form::kConstants;
  changed.data_sets.clear();
  for (const DataSet& set : test.data_sets) {
    const size_t number = changed.data_sets.size();
    const auto constant = with_constants(set, fmt::format("{}/{}/{}", folder, number, test.name));
    if (!constant) return std::nullopt;
    changed.data_sets.push_back(*constant);
  }
  return changed;
}

std::string difference(const std::vector<Value>& outputs, const std::vector<Value>& expected,
                       double tolerance) {
  if (outputs.size() != expected.size()) {
    return fmt::format("{} outputs instead of {}", outputs.size(), expected.size());
  }
  for (size_t i = 0; i < expected.size(); ++i) {
    const std::string mismatch = describe_mismatch(expected[i], outputs[i], i);
    if (!mismatch.empty()) return mismatch;
    for (size_t j = 0; j < expected[i].tensors.size(); ++j) {
      const std::string why =
          tensor_difference(outputs[i].tensors[j], expected[i].tensors[j], tolerance);
      if (!why.empty()) return why;
    }
  }
  return "";
}

}  // namespace dnnbench
