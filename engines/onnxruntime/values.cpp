#include "values.h"

#include <algorithm>
#include <cstring>
#include <tuple>
#include <utility>

#include "core/error.h"
#include "import/read_graph.h"

namespace dnnbench::ort {
namespace {

DataType from_element_type(int type) {
  if (type == kElementFloat8E8M0) return DataType::kFloat8E8M0;
  // The others beyond are two-bit types, which ONNX numbers otherwise.
  if (type > static_cast<int>(DataType::kFloat4E2M1)) {
    throw Unsupported("the ONNX Runtime engine does not read two-bit tensors");
  }
  return static_cast<DataType>(type);
}

std::pair<DataType, std::vector<int64_t>> read_tensor_info(const OrtTensorTypeAndShapeInfo& info) {
  const Api& api = library().api;
  int element_type = 0;
  size_t rank = 0;
  check(api.GetTensorElementType(&info, &element_type));
  check(api.GetDimensionsCount(&info, &rank));
  std::vector<int64_t> shape(rank);
  check(api.GetDimensions(&info, shape.data(), rank));
  return {from_element_type(element_type), std::move(shape)};
}

void require_fit(const Tensor& tensor, const Signature& input) {
  if (input.value_type != kTypeTensor) return;
  // A model file may leave an input's rank open; the library then reports it as a scalar.
  const bool any_shape = input.shape.empty();
  if (tensor.type != input.element_type ||
      !(any_shape || import::fits(tensor.shape, input.shape))) {
    throw Error("the model's input \"" + input.name + "\" takes " +
                describe(input.element_type, input.shape) + ", not " +
                describe(tensor.type, tensor.shape));
  }
}

OwnedValue tensor_to_ort(const Tensor& tensor) {
  const Library& ort = library();
  OwnedValue value = owned<OwnedValue>([&](OrtValue** out) {
    return ort.api.CreateTensorAsOrtValue(ort.allocator, tensor.shape.data(), tensor.shape.size(),
                                          element_type_of(tensor.type), out);
  });
  if (tensor.type == DataType::kString) {
    std::vector<const char*> texts;
    for (const std::string& text : tensor.strings) texts.push_back(text.c_str());
    check(ort.api.FillStringTensor(value.get(), texts.data(), texts.size()));
  } else if (!tensor.bytes.empty()) {
    void* data = nullptr;
    check(ort.api.GetTensorMutableData(value.get(), &data));
    std::memcpy(data, tensor.bytes.data(), tensor.bytes.size());
  }
  return value;
}

OwnedValue sequence_to_ort(const Value& value) {
  std::vector<OwnedValue> elements;
  std::vector<const OrtValue*> pointers;
  for (const Tensor& tensor : value.tensors) {
    pointers.push_back(elements.emplace_back(tensor_to_ort(tensor)).get());
  }
  return owned<OwnedValue>([&](OrtValue** out) {
    return library().api.CreateValue(pointers.data(), pointers.size(), kTypeSequence, out);
  });
}

std::vector<std::string> read_strings(const OrtValue& value, size_t count) {
  const Api& api = library().api;
  size_t bytes = 0;
  check(api.GetStringTensorDataLength(&value, &bytes));
  std::string text(bytes, '\0');
  std::vector<size_t> offsets(count + 1, bytes);
  check(api.GetStringTensorContent(&value, text.data(), bytes, offsets.data(), count));
  std::vector<std::string> strings;
  for (size_t i = 0; i < count; ++i) {
    strings.push_back(text.substr(offsets[i], offsets[i + 1] - offsets[i]));
  }
  return strings;
}

Tensor tensor_from_ort(OrtValue& value) {
  const Api& api = library().api;
  const auto info = owned<TensorInfo>(
      [&](OrtTensorTypeAndShapeInfo** out) { return api.GetTensorTypeAndShape(&value, out); });
  auto [type, shape] = read_tensor_info(*info);
  Tensor tensor = make_tensor(type, std::move(shape));
  if (tensor.element_count() == 0) return tensor;
  if (type == DataType::kString) {
    tensor.strings = read_strings(value, static_cast<size_t>(tensor.element_count()));
    return tensor;
  }
  void* data = nullptr;
  check(api.GetTensorMutableData(&value, &data));
  std::memcpy(tensor.bytes.data(), data, tensor.bytes.size());
  return tensor;
}

// The tensors of a sequence; of a map its keys and its values, two tensors.
void append_elements(const OrtValue& value, std::vector<Tensor>& tensors) {
  const Library& ort = library();
  size_t count = 0;
  check(ort.api.GetValueCount(&value, &count));
  for (size_t i = 0; i < count; ++i) {
    const auto element = owned<OwnedValue>([&](OrtValue** out) {
      return ort.api.GetValue(&value, static_cast<int>(i), ort.allocator, out);
    });
    int type = 0;
    check(ort.api.GetValueType(element.get(), &type));
    if (type == kTypeTensor) {
      tensors.push_back(tensor_from_ort(*element));
    } else {
      append_elements(*element, tensors);
    }
  }
}

template <typename Count, typename Name, typename Type>
std::vector<Signature> read_signatures(const OrtSession& session, Count count_of, Name name_of,
                                       Type type_of) {
  const Library& ort = library();
  size_t count = 0;
  check(count_of(&session, &count));
  std::vector<Signature> signatures(count);
  for (size_t i = 0; i < count; ++i) {
    char* name = nullptr;
    check(name_of(&session, i, ort.allocator, &name));
    signatures[i].name = take_text(name);
    const auto type = owned<TypeInfo>([&](OrtTypeInfo** out) { return type_of(&session, i, out); });
    check(ort.api.GetOnnxTypeFromTypeInfo(type.get(), &signatures[i].value_type));
    if (signatures[i].value_type != kTypeTensor) continue;
    const OrtTensorTypeAndShapeInfo* info = nullptr;
    check(ort.api.CastTypeInfoToTensorInfo(type.get(), &info));
    std::tie(signatures[i].element_type, signatures[i].shape) = read_tensor_info(*info);
    signatures[i].has_shape = ort.api.TensorTypeAndShape_HasShape(info);
  }
  return signatures;
}

}  // namespace

int element_type_of(DataType type) {
  return type == DataType::kFloat8E8M0 ? kElementFloat8E8M0 : static_cast<int>(type);
}

Tensor shape_of(const std::string& name, const OrtValue& value) {
  const Api& api = library().api;
  int has_value = 0, value_type = 0;
  check(api.HasValue(&value, &has_value));
  if (has_value != 0) check(api.GetValueType(&value, &value_type));
  if (value_type != kTypeTensor) {
    throw Unsupported("the output \"" + name + "\" is not a tensor, which alone can lie on a GPU");
  }
  const auto info = owned<TensorInfo>(
      [&](OrtTensorTypeAndShapeInfo** out) { return api.GetTensorTypeAndShape(&value, out); });
  auto [type, shape] = read_tensor_info(*info);
  if (type == DataType::kString) {
    throw Unsupported("the output \"" + name + "\" has strings, which can't lie on a GPU");
  }
  return make_tensor(type, std::move(shape));
}

std::vector<Signature> read_inputs(const OrtSession& session) {
  const Api& api = library().api;
  return read_signatures(session, api.SessionGetInputCount, api.SessionGetInputName,
                         api.SessionGetInputTypeInfo);
}

std::vector<Signature> read_outputs(const OrtSession& session) {
  const Api& api = library().api;
  return read_signatures(session, api.SessionGetOutputCount, api.SessionGetOutputName,
                         api.SessionGetOutputTypeInfo);
}

std::vector<std::string> read_output_names(const OrtSession& session) {
  std::vector<std::string> names;
  for (const Signature& output : read_outputs(session)) names.push_back(output.name);
  return names;
}

OwnedValue to_ort(const Value& value, const Signature& input) {
  switch (value.kind) {
    case Value::Kind::kTensor:
      require_fit(value.tensor(), input);
      return tensor_to_ort(value.tensor());
    case Value::Kind::kSequence:
      if (value.tensors.empty()) {
        throw Unsupported("ONNX Runtime's C interface can't express the empty sequence \"" +
                          value.name + "\"");
      }
      return sequence_to_ort(value);
    default:
      throw Unsupported("ONNX Runtime's C interface can't express the empty optional \"" +
                        value.name + "\"");
  }
}

Value from_ort(const std::string& name, OrtValue& value) {
  const Library& ort = library();
  int has_value = 0;
  check(ort.api.HasValue(&value, &has_value));
  if (has_value == 0) return {name, Value::Kind::kNone, {}};
  int value_type = 0;
  check(ort.api.GetValueType(&value, &value_type));
  if (value_type == kTypeTensor) return make_value(name, tensor_from_ort(value));
  if (value_type != kTypeSequence && value_type != kTypeMap) {
    throw Unsupported("the output \"" + name + "\" is neither tensors nor maps");
  }
  Value sequence{name, Value::Kind::kSequence, {}};
  append_elements(value, sequence.tensors);
  return sequence;
}

}  // namespace dnnbench::ort
