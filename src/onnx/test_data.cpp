#include "onnx/test_data.h"

#include <fmt/format.h>

#include <filesystem>

#include "core/error.h"
#include "import/mapped_file.h"
#include "import/proto_fields.h"
#include "import/read_tensor.h"
#include "import/wire.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

// One file's message.
class ValueFile {
 public:
  ValueFile(const std::string& path, const std::string& what)
      : file_(import::map_message(path, what)),
        tensors_(file_, fs::path(path).parent_path().string()) {}

  import::Bytes message() const { return file_->bytes(); }

  void append_tensor(import::Bytes message, Value& value) {
    value.kind = Value::Kind::kTensor;
    value.tensors.push_back(tensors_.read(message, value.name).tensor());
  }

  void append_sequence(import::Bytes message, Value& value) {
    value.kind = Value::Kind::kSequence;
    import::WireReader reader(message);
    while (reader.next()) {
      if (reader.field() != import::sequence_field::kTensors) continue;
      value.tensors.push_back(tensors_.read(reader.bytes(), value.name).tensor());
    }
  }

  void append_optional(import::Bytes message, Value& value) {
    value.kind = Value::Kind::kNone;
    import::WireReader reader(message);
    while (reader.next()) {
      if (reader.field() == import::optional_field::kTensor) append_tensor(reader.bytes(), value);
      if (reader.field() == import::optional_field::kSequence) {
        append_sequence(reader.bytes(), value);
      }
    }
  }

 private:
  std::shared_ptr<const import::MappedFile> file_;
  import::TensorReader tensors_;
};

Value read_value(const std::string& path, const ModelValue& expected) {
  Value value;
  value.name = expected.name;
  switch (expected.kind) {
    case ModelValue::Kind::kTensor: {
      ValueFile file(path, "an ONNX tensor");
      file.append_tensor(file.message(), value);
      break;
    }
    case ModelValue::Kind::kSequence: {
      ValueFile file(path, "an ONNX sequence");
      file.append_sequence(file.message(), value);
      break;
    }
    case ModelValue::Kind::kOptional: {
      ValueFile file(path, "an ONNX optional");
      file.append_optional(file.message(), value);
      break;
    }
    default:
      throw Error(fmt::format("'{}' is a {}, which can't be read from {}", expected.name,
                              to_string(expected.kind), path));
  }
  for (const Tensor& tensor : value.tensors) {
    if (tensor.type == expected.type) continue;
    throw Error(fmt::format("{} contains {}, but '{}' is {}", path,
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
    throw Error(fmt::format("{} has no input_0.pb; name a folder such as test_data_set_0", folder));
  }
  return data;
}

}  // namespace dnnbench
