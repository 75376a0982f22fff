#include "import/write_model.h"

#include "import/proto_fields.h"

namespace dnnbench::import {
namespace {

std::string shape_message(const std::vector<int64_t>& shape) {
  std::string message;
  for (const int64_t size : shape) {
    std::string dimension;
    if (size >= 0) write_integer(dimension, dimension_field::kValue, size);
    write_text(message, shape_field::kDimension, dimension);
  }
  return message;
}

}  // namespace

std::string value_info(const std::string& name, DataType type,
                       const std::optional<std::vector<int64_t>>& shape) {
  std::string tensor_type, type_message, message;
  write_integer(tensor_type, tensor_type_field::kElementType, static_cast<int64_t>(type));
  if (shape) write_text(tensor_type, tensor_type_field::kShape, shape_message(*shape));
  write_text(type_message, type_field::kTensor, tensor_type);
  write_text(message, value_info_field::kName, name);
  write_text(message, value_info_field::kType, type_message);
  return message;
}

std::string tensor_message(const std::string& name, const Constant& constant) {
  std::string message;
  for (const int64_t size : constant.shape) write_integer(message, tensor_field::kDims, size);
  write_integer(message, tensor_field::kDataType, static_cast<int64_t>(constant.type));
  for (const std::string& text : constant.strings) {
    write_text(message, tensor_field::kStringData, text);
  }
  write_text(message, tensor_field::kName, name);
  if (constant.type != DataType::kString) {
    write_bytes(message, tensor_field::kRawData, constant.bytes);
  }
  return message;
}

std::string with_graph(Bytes model, const std::string& graph) {
  std::string message;
  WireReader reader(model);
  while (reader.next()) {
    if (reader.field() != model_field::kGraph) write_whole(message, reader.whole());
  }
  write_text(message, model_field::kGraph, graph);
  return message;
}

std::vector<std::string> texts_of(Bytes message, int field) {
  std::vector<std::string> texts;
  WireReader reader(message);
  while (reader.next()) {
    if (reader.field() == field) texts.push_back(reader.text());
  }
  return texts;
}

std::string text_of(Bytes message, int field) {
  const std::vector<std::string> texts = texts_of(message, field);
  return texts.empty() ? "" : texts.back();
}

}  // namespace dnnbench::import
