#include "import/read_tensor.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "core/error.h"
#include "import/proto_fields.h"
#include "machine/require_memory.h"

namespace dnnbench::import {
namespace {

namespace fs = std::filesystem;

// The elements of a tensor as they are stored in its message.
struct StoredElements {
  std::optional<Bytes> view;     // of raw_data, or of floats that are packed as they are in memory
  std::vector<std::byte> fixed;  // floats that are not packed, or in several pieces
  std::vector<int64_t> numbers;
  std::vector<std::string> strings;
  bool raw = false;

  // What is stored, in bytes for raw data and floats.
  size_t float_bytes() const { return view ? view->size() : fixed.size(); }
  void append(Bytes bytes);
};

void StoredElements::append(Bytes bytes) {
  if (!view && fixed.empty()) {
    view = bytes;
    return;
  }
  if (view) fixed.assign(view->begin(), view->end());
  view.reset();
  fixed.insert(fixed.end(), bytes.begin(), bytes.end());
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

// The field that holds elements of this type where they are not raw.
int typed_field(DataType type) {
  switch (type) {
    case DataType::kFloat32:
    case DataType::kComplex64:
      return tensor_field::kFloatData;
    case DataType::kFloat64:
    case DataType::kComplex128:
      return tensor_field::kDoubleData;
    case DataType::kInt64:
      return tensor_field::kInt64Data;
    case DataType::kUint32:
    case DataType::kUint64:
      return tensor_field::kUint64Data;
    case DataType::kString:
      return tensor_field::kStringData;
    default:
      return tensor_field::kInt32Data;
  }
}

void append_typed(const WireReader& reader, StoredElements& stored) {
  switch (reader.field()) {
    case tensor_field::kStringData:
      stored.strings.push_back(reader.text());
      return;
    case tensor_field::kFloatData:
    case tensor_field::kDoubleData:
      return stored.append(reader.fixed_bytes());
    default:
      return append_integers(reader, stored.numbers);
  }
}

// Numbers of one byte each become integers, and empty strings objects: a file may grow tenfold. One
// piece of packed floats is not copied.
double bytes_when_read(Bytes message, int typed) {
  constexpr double kWhileGrowing = 2;
  const bool fixed = typed == tensor_field::kFloatData || typed == tensor_field::kDoubleData;
  double bytes = 0;
  int pieces = 0;
  WireReader reader(message);
  while (reader.next()) {
    if (reader.field() != typed) continue;
    ++pieces;
    if (typed == tensor_field::kStringData) {
      bytes += kWhileGrowing * sizeof(std::string) + static_cast<double>(reader.bytes().size());
    } else if (fixed) {
      bytes += kWhileGrowing * static_cast<double>(reader.fixed_bytes().size());
    } else if (reader.is_bytes()) {
      const Bytes packed = reader.bytes();
      const auto last_of_number = [](std::byte byte) {
        return (byte & std::byte{0x80}) == std::byte{0};
      };
      bytes += kWhileGrowing * sizeof(int64_t) *
               static_cast<double>(std::count_if(packed.begin(), packed.end(), last_of_number));
    } else {
      bytes += kWhileGrowing * sizeof(int64_t);
    }
  }
  return fixed && pieces == 1 ? 0 : bytes;
}

void require_memory_for(Bytes message, const TensorHead& head, int typed) {
  // Raw data are not copied. Asking for the free memory takes 0.1 to 0.2 ms.
  constexpr double kSmall_bytes = 1 << 20;
  const double bytes = bytes_when_read(message, typed);
  if (bytes > kSmall_bytes) require_memory(bytes, fmt::format("the tensor '{}'", head.name));
}

StoredElements read_elements(Bytes message, const TensorHead& head) {
  StoredElements stored;
  const int typed = typed_field(head.type);
  require_memory_for(message, head, typed);
  WireReader reader(message);
  while (reader.next()) {
    if (reader.field() == tensor_field::kSegment) {
      throw Error(
          fmt::format("the tensor '{}' is stored in segments, which is not supported", head.name));
    }
    if (reader.field() == tensor_field::kRawData) {
      stored.view = reader.bytes();
      stored.raw = true;
    } else if (reader.field() == typed && !stored.raw) {
      append_typed(reader, stored);
    }
  }
  return stored;
}

void require_known_head(const TensorHead& head) {
  if (to_string(head.type) == "undefined") {
    throw Error(fmt::format("the tensor '{}' has the element type number {}, which is not known",
                            head.name, static_cast<int64_t>(head.type)));
  }
  try {
    head.size_bytes();
  } catch (const Error& error) {
    throw Error(fmt::format("the tensor '{}' is broken: {}", head.name, error.what()));
  }
}

void require_count(const TensorHead& head, size_t stored, size_t expected, const char* unit) {
  if (stored == expected) return;
  throw Error(fmt::format("the tensor '{}' is broken: {} needs {} {}, but {} are stored", head.name,
                          dnnbench::describe(head.type, head.shape), expected, unit, stored));
}

void require_complete(const TensorHead& head, const StoredElements& stored) {
  const int typed = typed_field(head.type);
  const auto count = static_cast<size_t>(element_count(head.shape));
  if (head.type == DataType::kString) {
    require_count(head, stored.strings.size(), count, "entries");
  } else if (stored.raw) {
    require_count(head, stored.view->size(), head.size_bytes(), "bytes");
  } else if (typed == tensor_field::kFloatData || typed == tensor_field::kDoubleData) {
    const size_t width = typed == tensor_field::kFloatData ? sizeof(float) : sizeof(double);
    require_count(head, stored.float_bytes() / width, head.size_bytes() / width, "entries");
    require_count(head, stored.float_bytes(), head.size_bytes(), "bytes");
  } else {
    // Elements of four bits come two an entry.
    require_count(head, stored.numbers.size(),
                  bit_width(head.type) == 4 ? head.size_bytes() : count, "entries");
  }
}

// Little-endian, so the low bytes of each number are the element.
std::vector<std::byte> low_bytes(const std::vector<int64_t>& numbers, size_t size_bytes) {
  std::vector<std::byte> bytes(size_bytes);
  const size_t width = numbers.empty() ? 0 : size_bytes / numbers.size();
  for (size_t i = 0; i < numbers.size(); ++i) {
    std::memcpy(bytes.data() + i * width, &numbers[i], width);
  }
  return bytes;
}

void own(std::vector<std::byte> bytes, Constant& constant) {
  auto owner = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
  constant.bytes = *owner;
  constant.owner = owner;
}

std::map<std::string, std::string> external_entries(Bytes message, const TensorHead& head) {
  std::map<std::string, std::string> entries;
  WireReader reader(message);
  while (reader.next()) {
    if (reader.field() != tensor_field::kExternalData) continue;
    std::string key, value;
    WireReader entry(reader.bytes());
    while (entry.next()) {
      if (entry.field() == entry_field::kKey) key = entry.text();
      if (entry.field() == entry_field::kValue) value = entry.text();
    }
    if (!entries.emplace(key, value).second) {
      throw Error(fmt::format("the external weights '{}' have more than one '{}'", head.name, key));
    }
  }
  return entries;
}

size_t byte_count(const TensorHead& head, const std::map<std::string, std::string>& entries,
                  const std::string& key, size_t otherwise) {
  const auto found = entries.find(key);
  if (found == entries.end()) return otherwise;
  const std::string& text = found->second;
  int64_t count = 0;
  const char* end = text.data() + text.size();
  const auto [next, error] = std::from_chars(text.data(), end, count);
  if (error == std::errc() && next == end && count >= 0) return static_cast<size_t>(count);
  throw Error(
      fmt::format("the external weights '{}' have the {} '{}', which is not a number of bytes",
                  head.name, key, text));
}

// Zeros, of which those that are never written take no memory: a sparse tensor may be large.
std::shared_ptr<std::byte> zeros(size_t size_bytes, const std::string& name) {
  void* memory = std::calloc(std::max<size_t>(size_bytes, 1), 1);
  if (memory == nullptr) {
    throw Error(fmt::format("the sparse tensor '{}' is too large: dense, it would have {} bytes",
                            name, size_bytes));
  }
  return {static_cast<std::byte*>(memory), std::free};
}

// Where the i-th value goes. Indices are linear, [count], or one coordinate a dimension,
// [count, rank].
int64_t position_of(const std::vector<int64_t>& indices, size_t i, bool linear,
                    const std::vector<int64_t>& shape) {
  if (linear) return indices[i];
  int64_t position = 0;
  for (size_t d = 0; d < shape.size(); ++d) {
    const int64_t index = indices[i * shape.size() + d];
    if (index < 0 || index >= shape[d]) return -1;
    position = position * shape[d] + index;
  }
  return position;
}

}  // namespace

TensorHead read_tensor_head(Bytes tensor) {
  TensorHead head;
  WireReader reader(tensor);
  while (reader.next()) read_head_field(reader, head);
  return head;
}

bool is_external(Bytes message) {
  bool external = false;
  WireReader reader(message);
  while (reader.next()) {
    if (reader.field() == tensor_field::kDataLocation) external = reader.integer() == 1;
  }
  return external;
}

TensorReader::TensorReader(std::shared_ptr<const void> owner, std::string folder)
    : owner_(std::move(owner)), folder_(std::move(folder)) {}

std::set<std::string> TensorReader::external_files() const {
  std::set<std::string> names;
  for (const auto& [name, file] : external_files_) names.insert(name);
  return names;
}

Constant TensorReader::read(Bytes message, const std::string& name) {
  TensorHead head = read_tensor_head(message);
  if (head.name.empty()) head.name = name;
  require_known_head(head);
  Constant constant{head.type, head.shape, {}, {}, nullptr};
  if (is_external(message)) {
    constant = read_external(message, head);
  } else {
    StoredElements stored = read_elements(message, head);
    require_complete(head, stored);
    if (stored.view) {
      constant.bytes = *stored.view;
      constant.owner = owner_;
    } else {
      own(stored.fixed.empty() ? low_bytes(stored.numbers, head.size_bytes())
                               : std::move(stored.fixed),
          constant);
    }
    constant.strings = std::move(stored.strings);
  }
  require_whole();
  types_.insert(head.type);
  elements_ += constant.element_count();
  bytes_ += static_cast<int64_t>(constant.bytes.size());
  for (const std::string& text : constant.strings) bytes_ += static_cast<int64_t>(text.size());
  return constant;
}

// Also of a file that was cut while it was read.
void TensorReader::require_whole() const {
  for (const auto& [name, file] : external_files_) file->require_whole();
}

Constant TensorReader::read_external(Bytes message, const TensorHead& head) {
  if (head.type == DataType::kString) {
    throw Error(
        fmt::format("the strings '{}' are external data, which ONNX doesn't allow", head.name));
  }
  const auto entries = external_entries(message, head);
  const auto location = entries.find("location");
  if (location == entries.end() || location->second.empty()) {
    throw Error(
        fmt::format("the external weights '{}' don't say which file they are in", head.name));
  }
  const auto file = external_file(head, location->second);
  const size_t needed = head.size_bytes();
  const size_t offset = byte_count(head, entries, "offset", 0);
  const size_t length = byte_count(head, entries, "length", needed);
  if (length != needed) {
    throw Error(fmt::format("the weights '{}' need {} bytes, but the model says that {} has {}",
                            head.name, needed, location->second, length));
  }
  const size_t file_bytes = file->bytes().size();
  if (offset > file_bytes || length > file_bytes - offset) {
    throw Error(
        fmt::format("the weight file {} is too short: '{}' needs {} bytes from {} on, but "
                    "the file has {}; copy or download it again",
                    location->second, head.name, length, offset, file_bytes));
  }
  return {head.type, head.shape, file->bytes().subspan(offset, length), {}, file};
}

std::shared_ptr<const MappedFile> TensorReader::external_file(const TensorHead& head,
                                                              const std::string& location) {
  const auto known = external_files_.find(location);
  if (known != external_files_.end()) return known->second;
  const fs::path relative = fs::path(location).lexically_normal();
  if (relative.is_absolute() || *relative.begin() == ".." ||
      location.find('\0') != std::string::npos) {
    throw Error(
        fmt::format("the weights '{}' are in {}, outside the model's folder; move the file "
                    "beside the model and save the model with that name",
                    head.name, location));
  }
  const std::string path = (fs::path(folder_) / relative).string();
  std::error_code error;
  if (!fs::is_regular_file(path, error)) {
    throw Error(fmt::format("the weight file {} is missing; it belongs beside the model", path));
  }
  return external_files_[location] = std::make_shared<const MappedFile>(path, "a weight file");
}

Constant TensorReader::read_sparse(Bytes message, const std::string& name) {
  Constant values, indices;
  std::vector<int64_t> shape;
  WireReader reader(message);
  while (reader.next()) {
    if (reader.field() == sparse_field::kValues) values = read(reader.bytes(), name);
    if (reader.field() == sparse_field::kIndices) indices = read(reader.bytes(), name);
    if (reader.field() == sparse_field::kDims) append_integers(reader, shape);
  }
  const TensorHead head{name, values.type, shape};
  require_known_head(head);
  const std::vector<int64_t> positions = indices.integers();
  const auto count = static_cast<size_t>(values.element_count());
  const bool linear = indices.shape.size() != 2;
  const size_t width = bit_width(values.type) / 8;
  if (width == 0 || positions.size() != (linear ? count : count * shape.size())) {
    throw Error(
        fmt::format("the sparse tensor '{}' is broken or of a type that can't be read", name));
  }
  require_memory(static_cast<double>(head.size_bytes()),
                 fmt::format("the sparse tensor '{}'", name));
  const auto dense = zeros(head.size_bytes(), name);
  for (size_t i = 0; i < count; ++i) {
    const int64_t position = position_of(positions, i, linear, shape);
    if (position < 0 || position >= element_count(shape)) {
      throw Error(fmt::format("the sparse tensor '{}' has an index beyond its shape", name));
    }
    std::memcpy(dense.get() + static_cast<size_t>(position) * width,
                values.bytes.data() + i * width, width);
  }
  return {head.type, shape, {dense.get(), head.size_bytes()}, {}, dense};
}

}  // namespace dnnbench::import
