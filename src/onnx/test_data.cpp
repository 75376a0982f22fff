#include "onnx/test_data.h"

#include <fmt/format.h>

#include <filesystem>

#include "core/error.h"
#include "onnx.pb.h"
#include "onnx/read_proto.h"
#include "onnx/tensor_proto.h"
#include "sequence.pb.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

void append_sequence(const std::string& path, const proto::Sequence& sequence, Value& value) {
  value.kind = Value::Kind::kSequence;
  const std::string folder = fs::path(path).parent_path().string();
  for (const onnx::TensorProto& tensor : sequence.tensor_values()) {
    value.tensors.push_back(to_tensor(value.name, tensor, folder));
  }
}

void append_tensor(const std::string& path, const onnx::TensorProto& tensor, Value& value) {
  value.kind = Value::Kind::kTensor;
  value.tensors.push_back(to_tensor(value.name, tensor, fs::path(path).parent_path().string()));
}

void append_optional(const std::string& path, const proto::Optional& optional, Value& value) {
  value.kind = Value::Kind::kNone;
  if (optional.has_tensor_value()) append_tensor(path, optional.tensor_value(), value);
  if (optional.has_sequence_value()) append_sequence(path, optional.sequence_value(), value);
}

Value read_value(const std::string& path, const ModelValue& expected) {
  Value value;
  value.name = expected.name;
  switch (expected.kind) {
    case ModelValue::Kind::kTensor: {
      onnx::TensorProto tensor;
      read_proto(path, "an ONNX tensor", tensor);
      append_tensor(path, tensor, value);
      break;
    }
    case ModelValue::Kind::kSequence: {
      proto::Sequence sequence;
      read_proto(path, "an ONNX sequence", sequence);
      append_sequence(path, sequence, value);
      break;
    }
    case ModelValue::Kind::kOptional: {
      proto::Optional optional;
      read_proto(path, "an ONNX optional", optional);
      append_optional(path, optional, value);
      break;
    }
    default:
      throw Error(fmt::format("'{}' is a {}, which can't be read from {}", expected.name,
                              to_string(expected.kind), path));
  }
  for (const Tensor& tensor : value.tensors) {
    if (tensor.type == expected.type) continue;
    throw Error(fmt::format("{} holds {}, but '{}' is {}", path,
                            describe(tensor.type, tensor.shape), expected.name,
                            describe(expected)));
  }
  return value;
}

// Reads PREFIX_0.pb, PREFIX_1.pb, ... until one is missing.
std::vector<Value> read_numbered(const std::string& folder, const std::string& prefix,
                                 const std::vector<ModelValue>& expected) {
  std::vector<Value> values;
  for (size_t i = 0;; ++i) {
    const std::string path = (fs::path(folder) / fmt::format("{}_{}.pb", prefix, i)).string();
    if (!fs::exists(path)) return values;
    if (i == expected.size()) {
      throw Error(
          fmt::format("there is {}, but the model has only {} {}s", path, expected.size(), prefix));
    }
    try {
      values.push_back(read_value(path, expected[i]));
    } catch (const Error& error) {
      const std::string sentence = error.what();
      const bool names_file = sentence.find(path) != std::string::npos;
      throw Error(names_file ? sentence : fmt::format("{}: {}", path, sentence));
    }
  }
}

}  // namespace

TestData read_test_data(const std::string& folder, const Model& model) {
  TestData data;
  data.inputs = read_numbered(folder, "input", model.inputs);
  data.outputs = read_numbered(folder, "output", model.outputs);
  if (data.inputs.empty() && !model.inputs.empty()) {
    throw Error(
        fmt::format("{} holds no input_0.pb; name a folder such as test_data_set_0", folder));
  }
  return data;
}

}  // namespace dnnbench
