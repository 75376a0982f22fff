#include "protocol/value_file.h"

#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/error.h"

namespace dnnbench {
namespace {

using nlohmann::json;

constexpr const char* kFirstLine = "dnnbench values 1";

std::string pack_strings(const std::vector<std::string>& strings) {
  std::string packed;
  for (const std::string& text : strings) {
    const uint64_t length = text.size();
    packed.append(reinterpret_cast<const char*>(&length), sizeof length);
    packed += text;
  }
  return packed;
}

std::vector<std::string> unpack_strings(const std::string& packed, const std::string& path) {
  std::vector<std::string> strings;
  size_t at = 0;
  while (at < packed.size()) {
    uint64_t length = 0;
    if (packed.size() - at < sizeof length) throw Error(path + " ends within a string");
    std::memcpy(&length, packed.data() + at, sizeof length);
    at += sizeof length;
    if (packed.size() - at < length) throw Error(path + " ends within a string");
    strings.push_back(packed.substr(at, length));
    at += length;
  }
  return strings;
}

json describe_value(const Value& value) {
  json tensors = json::array();
  for (const Tensor& tensor : value.tensors) {
    const size_t bytes = tensor.type == DataType::kString ? pack_strings(tensor.strings).size()
                                                          : tensor.bytes.size();
    tensors.push_back(
        {{"type", static_cast<int>(tensor.type)}, {"shape", tensor.shape}, {"bytes", bytes}});
  }
  return {{"name", value.name}, {"kind", static_cast<int>(value.kind)}, {"tensors", tensors}};
}

void read_bytes(std::istream& in, char* to, size_t count, const std::string& path) {
  if (!in.read(to, static_cast<std::streamsize>(count)))
    throw Error(path + " ends within a tensor");
}

Tensor read_tensor(const json& description, std::istream& in, const std::string& path) {
  Tensor tensor;
  tensor.type = static_cast<DataType>(description.at("type").get<int>());
  tensor.shape = description.at("shape").get<std::vector<int64_t>>();
  const size_t bytes = description.at("bytes").get<size_t>();
  if (tensor.type == DataType::kString) {
    std::string packed(bytes, '\0');
    read_bytes(in, packed.data(), bytes, path);
    tensor.strings = unpack_strings(packed, path);
  } else {
    tensor.bytes.resize(bytes);
    read_bytes(in, reinterpret_cast<char*>(tensor.bytes.data()), bytes, path);
  }
  return tensor;
}

}  // namespace

void write_values(const std::string& path, const std::vector<Value>& values) {
  json header = json::array();
  for (const Value& value : values) header.push_back(describe_value(value));
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  // A tensor's name is whatever the model's author chose, not always UTF-8.
  out << kFirstLine << '\n' << header.dump(-1, ' ', false, json::error_handler_t::replace) << '\n';
  for (const Value& value : values) {
    for (const Tensor& tensor : value.tensors) {
      if (tensor.type == DataType::kString) {
        out << pack_strings(tensor.strings);
      } else {
        out.write(reinterpret_cast<const char*>(tensor.bytes.data()),
                  static_cast<std::streamsize>(tensor.bytes.size()));
      }
    }
  }
  out.close();
  if (!out) throw Error("could not write " + path + "; is the disk full?");
}

std::vector<Value> read_values(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string first_line, header_line;
  if (!std::getline(in, first_line) || first_line != kFirstLine || !std::getline(in, header_line)) {
    throw Error(path + " is not a values file of dnnbench");
  }
  std::vector<Value> values;
  try {
    for (const json& description : json::parse(header_line)) {
      Value value;
      value.name = description.at("name").get<std::string>();
      value.kind = static_cast<Value::Kind>(description.at("kind").get<int>());
      for (const json& tensor : description.at("tensors")) {
        value.tensors.push_back(read_tensor(tensor, in, path));
      }
      values.push_back(std::move(value));
    }
  } catch (const json::exception& error) {
    throw Error(path + " has a broken header: " + error.what());
  }
  return values;
}

}  // namespace dnnbench
