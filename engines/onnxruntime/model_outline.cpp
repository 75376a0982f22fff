#include "model_outline.h"

#include <fcntl.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>
#include <climits>
#include <utility>

namespace dnnbench::ort {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

// Field numbers of onnx.proto.
constexpr int kModelGraph = 7;
constexpr int kGraphInitializer = 5;
constexpr int kGraphInput = 11;
constexpr int kTensorDataType = 2;
constexpr int kInputName = 1;
constexpr int kInputType = 2;
constexpr int kTypeTensor = 1;
constexpr int kTensorElementType = 1;
constexpr int kTensorShape = 2;
constexpr int kShapeDimension = 1;
constexpr int kDimensionName = 2;

// Calls field(number) for every field of the message that spans the stream or its current limit.
// `field` returns false for a field that it did not read, which is then skipped.
template <typename Field>
void for_each_field(CodedInputStream& stream, Field field) {
  while (const uint32_t tag = stream.ReadTag()) {
    if (!field(WireFormatLite::GetTagFieldNumber(tag)) &&
        !WireFormatLite::SkipField(&stream, tag)) {
      return;
    }
  }
}

template <typename Field>
bool read_message(CodedInputStream& stream, Field field) {
  uint32_t bytes = 0;
  if (!stream.ReadVarint32(&bytes)) return true;
  const auto limit = stream.PushLimit(static_cast<int>(bytes));
  for_each_field(stream, field);
  stream.Skip(stream.BytesUntilLimit());
  stream.PopLimit(limit);
  return true;
}

std::string read_text(CodedInputStream& stream) {
  uint32_t bytes = 0;
  std::string text;
  if (stream.ReadVarint32(&bytes)) stream.ReadString(&text, static_cast<int>(bytes));
  return text;
}

DataType read_type(CodedInputStream& stream) {
  uint32_t type = 0;
  stream.ReadVarint32(&type);
  return static_cast<DataType>(type);
}

class Reader {
 public:
  explicit Reader(CodedInputStream& stream) : stream_(stream) {}

  ModelOutline read() {
    for_each_field(stream_, [&](int number) {
      return number == kModelGraph &&
             read_message(stream_, [&](int field) { return graph(field); });
    });
    return std::move(outline_);
  }

 private:
  bool graph(int number) {
    if (number == kGraphInitializer) {
      return read_message(stream_,
                          [&](int field) { return field == kTensorDataType && keep_type(); });
    }
    if (number != kGraphInput) return false;
    name_.clear();
    dimensions_.clear();
    read_message(stream_, [&](int field) { return input(field); });
    outline_.dimension_names[name_] = dimensions_;
    return true;
  }

  bool input(int number) {
    if (number == kInputName) {
      name_ = read_text(stream_);
      return true;
    }
    return number == kInputType && read_message(stream_, [&](int type) {
             return type == kTypeTensor &&
                    read_message(stream_, [&](int field) { return tensor(field); });
           });
  }

  bool tensor(int number) {
    if (number == kTensorElementType) return keep_type();
    return number == kTensorShape && read_message(stream_, [&](int field) {
             if (field != kShapeDimension) return false;
             dimensions_.emplace_back();
             return read_message(stream_, [&](int part) {
               if (part == kDimensionName) dimensions_.back() = read_text(stream_);
               return part == kDimensionName;
             });
           });
  }

  bool keep_type() {
    outline_.element_types.insert(read_type(stream_));
    return true;
  }

  CodedInputStream& stream_;
  ModelOutline outline_;
  std::string name_;
  std::vector<std::string> dimensions_;
};

}  // namespace

ModelOutline read_outline(const std::string& model_path) {
  const int descriptor = open(model_path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return {};
  google::protobuf::io::FileInputStream file(descriptor);
  file.SetCloseOnDelete(true);
  CodedInputStream stream(&file);
  stream.SetTotalBytesLimit(INT_MAX);
  return Reader(stream).read();
}

std::optional<std::map<std::string, int64_t>> named_sizes(
    const ModelOutline& outline, const std::map<std::string, std::vector<int64_t>>& input_shapes) {
  std::map<std::string, int64_t> sizes;
  for (const auto& [input, shape] : input_shapes) {
    const auto found = outline.dimension_names.find(input);
    if (found == outline.dimension_names.end()) continue;
    for (size_t i = 0; i < std::min(shape.size(), found->second.size()); ++i) {
      const std::string& name = found->second[i];
      if (name.empty()) continue;
      const auto [entry, is_new] = sizes.emplace(name, shape[i]);
      if (name == "?" || (!is_new && entry->second != shape[i])) return std::nullopt;
    }
  }
  return sizes;
}

}  // namespace dnnbench::ort
