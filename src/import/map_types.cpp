#include "import/map_types.h"

#include <optional>

#include "import/proto_fields.h"

namespace dnnbench::import {
namespace {

// The bytes of a message's field; nothing where it is absent.
std::optional<Bytes> field_of(Bytes message, int field) {
  std::optional<Bytes> found;
  WireReader reader(message);
  while (reader.next()) {
    if (reader.field() == field) found = reader.bytes();
  }
  return found;
}

DataType type_of(Bytes message, int field) {
  DataType type = DataType::kUndefined;
  WireReader reader(message);
  while (reader.next()) {
    if (reader.field() == field) type = static_cast<DataType>(reader.integer());
  }
  return type;
}

std::optional<MapType> map_type(Bytes type) {
  const auto sequence = field_of(type, type_field::kSequence);
  if (sequence) {
    const auto element = field_of(*sequence, container_type_field::kElementType);
    if (!element) return std::nullopt;
    type = *element;
  }
  const auto map = field_of(type, type_field::kMap);
  if (!map) return std::nullopt;
  MapType found{type_of(*map, map_type_field::kKeyType), DataType::kUndefined,
                sequence.has_value()};
  const auto value = field_of(*map, map_type_field::kValueType);
  const auto tensor = value ? field_of(*value, type_field::kTensor) : std::nullopt;
  if (tensor) found.value = type_of(*tensor, tensor_type_field::kElementType);
  return found;
}

}  // namespace

std::map<std::string, MapType> read_map_types(Bytes graph) {
  std::map<std::string, MapType> types;
  WireReader reader(graph);
  while (reader.next()) {
    if (reader.field() != graph_field::kOutput) continue;
    const auto name = field_of(reader.bytes(), value_info_field::kName);
    const auto type = field_of(reader.bytes(), value_info_field::kType);
    const auto map = type ? map_type(*type) : std::nullopt;
    if (!name || !map) continue;
    types[std::string(reinterpret_cast<const char*>(name->data()), name->size())] = *map;
  }
  return types;
}

}  // namespace dnnbench::import
