#include "import/read_tensor.h"

#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <filesystem>

#include "core/error.h"
#include "import/proto_fields.h"

namespace dnnbench::import {
namespace {

namespace fs = std::filesystem;

struct StoredTensor {
  TensorHead head;
  std::optional<Bytes> raw;      // of raw_data, or a packed field that holds the same bytes
  std::vector<int64_t> numbers;  // int32_data, int64_data, uint64_data
  std::vector<std::byte> fixed;  // float_data and double_data that are not packed
  std::vector<std::string> strings;
  std::map<std::string, std::string> external;
  bool is_external = false;
};

std::pair<std::string, std::string> read_entry(Bytes entry) {
  std::pair<std::string, std::string> pair;
  WireReader reader(entry);
  while (reader.next()) {
    if (reader.field() == 1) pair.first = reader.text();
    if (reader.field() == 2) pair.second = reader.text();
  }
  return pair;
}

template <typename T>
void append_fixed(T value, std::vector<std::byte>& bytes) {
  const auto* start = reinterpret_cast<const std::byte*>(&value);
  bytes.insert(bytes.end(), start, start + sizeof value);
}

bool read_head_field(const WireReader& reader, TensorHead& head) {
  switch (reader.field()) {
    case tensor_field::kDims:
      append_integers(reader, head.shape);
      return true;
    case tensor_field::kDataType:
      head.type = static_cast<DataType>(reader.integer());
      return true;
    case tensor_field::kName:
      head.name = reader.text();
      return true;
    default:
      return false;
  }
}

StoredTensor read_stored(Bytes tensor) {
  StoredTensor stored;
  WireReader reader(tensor);
  while (reader.next()) {
    if (read_head_field(reader, stored.head)) continue;
    switch (reader.field()) {
      case tensor_field::kFloatData:
        if (reader.is_bytes()) {
          stored.raw = reader.bytes();
        } else {
          append_fixed(reader.f32(), stored.fixed);
        }
        break;
      case tensor_field::kDoubleData:
        if (reader.is_bytes()) {
          stored.raw = reader.bytes();
        } else {
          append_fixed(reader.f64(), stored.fixed);
        }
        break;
      case tensor_field::kRawData:
        stored.raw = reader.bytes();
        break;
      case tensor_field::kInt32Data:
      case tensor_field::kInt64Data:
      case tensor_field::kUint64Data:
        append_integers(reader, stored.numbers);
        break;
      case tensor_field::kStringData:
        stored.strings.push_back(reader.text());
        break;
      case tensor_field::kExternalData:
        stored.external.insert(read_entry(reader.bytes()));
        break;
      case tensor_field::kDataLocation:
        stored.is_external = reader.integer() == 1;
        break;
      default:
        break;
    }
  }
  return stored;
}

// Little-endian, so the low bytes of each number are the element.
std::vector<std::byte> low_bytes(const std::vector<int64_t>& numbers, size_t size_bytes) {
  std::vector<std::byte> bytes(size_bytes);
  const size_t width = numbers.empty() ? 0 : size_bytes / numbers.size();
  if (width > sizeof(int64_t) || width * numbers.size() != size_bytes) return {};
  for (size_t i = 0; i < numbers.size(); ++i) {
    std::memcpy(bytes.data() + i * width, &numbers[i], width);
  }
  return bytes;
}

size_t byte_count_of(const std::string& text) {
  size_t count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

void own(std::vector<std::byte> bytes, Constant& constant) {
  auto owner = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
  constant.bytes = *owner;
  constant.owner = owner;
}

}  // namespace

TensorHead read_tensor_head(Bytes tensor) {
  TensorHead head;
  WireReader reader(tensor);
  while (reader.next()) read_head_field(reader, head);
  return head;
}

ModelFiles::ModelFiles(const std::string& path, const std::string& beside)
    : folder_(fs::path(beside).parent_path().string()),
      model_(std::make_shared<const MappedFile>(path)) {}

std::shared_ptr<const MappedFile> ModelFiles::external(const std::string& location) {
  auto& file = external_[location];
  if (!file) file = std::make_shared<const MappedFile>((fs::path(folder_) / location).string());
  return file;
}

Constant ModelFiles::read_tensor(Bytes tensor) {
  StoredTensor stored = read_stored(tensor);
  Constant constant{stored.head.type, stored.head.shape, {}, {}, nullptr};
  if (constant.type == DataType::kString) {
    constant.strings = std::move(stored.strings);
  } else if (stored.is_external) {
    const auto file = external(stored.external["location"]);
    const size_t offset = byte_count_of(stored.external["offset"]);
    const size_t length = stored.head.size_bytes();
    if (offset <= file->bytes().size() && length <= file->bytes().size() - offset) {
      constant.bytes = file->bytes().subspan(offset, length);
    }
    constant.owner = file;
  } else if (stored.raw) {
    constant.bytes = *stored.raw;
    constant.owner = model_;
  } else {
    own(stored.fixed.empty() ? low_bytes(stored.numbers, stored.head.size_bytes())
                             : std::move(stored.fixed),
        constant);
  }
  const bool complete =
      constant.type == DataType::kString
          ? constant.strings.size() == static_cast<size_t>(constant.element_count())
          : constant.bytes.size() == stored.head.size_bytes();
  if (!complete) {
    throw Error(fmt::format("the tensor '{}' is broken: {} needs other bytes than are stored",
                            stored.head.name, dnnbench::describe(constant.type, constant.shape)));
  }
  return constant;
}

Constant ModelFiles::read_sparse_tensor(Bytes sparse_tensor) {
  Constant values, indices;
  std::vector<int64_t> shape;
  WireReader reader(sparse_tensor);
  while (reader.next()) {
    if (reader.field() == sparse_field::kValues) values = read_tensor(reader.bytes());
    if (reader.field() == sparse_field::kIndices) indices = read_tensor(reader.bytes());
    if (reader.field() == sparse_field::kDims) append_integers(reader, shape);
  }
  // Indices are linear, [count], or one coordinate a dimension, [count, rank].
  Tensor dense = make_tensor(values.type, shape);
  const std::vector<int64_t> positions = indices.integers();
  const size_t count = static_cast<size_t>(values.element_count());
  const size_t per_value = indices.shape.size() == 2 ? shape.size() : 1;
  const size_t width = bit_width(values.type) / 8;
  if (width == 0 || positions.size() != count * per_value) {
    throw Error("a sparse tensor of the model is broken or of a type that can't be read");
  }
  for (size_t i = 0; i < count; ++i) {
    int64_t position = per_value == 1 ? positions[i] : 0;
    for (size_t d = 0; per_value > 1 && d < shape.size(); ++d) {
      position = position * shape[d] + positions[i * per_value + d];
    }
    if (position < 0 || position >= dense.element_count()) {
      throw Error("a sparse tensor of the model has an index beyond its shape");
    }
    std::memcpy(dense.bytes.data() + static_cast<size_t>(position) * width,
                values.bytes.data() + i * width, width);
  }
  return make_constant(std::move(dense));
}

}  // namespace dnnbench::import
