#include "inputs/npy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/error.h"

namespace dnnbench {
namespace {

constexpr char kMagic[] = "\x93NUMPY";
constexpr size_t kMagicBytes = 6;
constexpr size_t kLongestHeader_bytes = 1 << 20;

struct Header {
  char byte_order = '|';
  std::string kind;  // NumPy's letter and the bytes of an element: "f4"
  bool fortran_order = false;
  std::vector<int64_t> shape;
};

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw Error(fmt::format("{} can't be read as a .npy file: {}", path, what));
}

// What follows "'key':" in the header's Python dictionary.
std::string_view entry(const std::string& path, std::string_view header, const std::string& key) {
  const size_t at = header.find(fmt::format("'{}':", key));
  if (at == std::string_view::npos) fail(path, fmt::format("its header has no '{}'", key));
  header.remove_prefix(at + key.size() + 3);
  header.remove_prefix(std::min(header.find_first_not_of(' '), header.size()));
  return header;
}

std::vector<int64_t> parse_shape(const std::string& path, std::string_view text) {
  const size_t end = text.find(')');
  if (text.empty() || text.front() != '(' || end == std::string_view::npos) {
    fail(path, "its shape is not a tuple");
  }
  std::vector<int64_t> shape;
  const char* at = text.data() + 1;
  const char* const last = text.data() + end;
  while (at < last) {
    if (*at == ' ' || *at == ',') {
      ++at;
      continue;
    }
    int64_t size = 0;
    const auto [next, error] = std::from_chars(at, last, size);
    if (error != std::errc() || size < 0) fail(path, "its shape is not of whole numbers");
    shape.push_back(size);
    at = next;
  }
  return shape;
}

Header parse_header(const std::string& path, std::string_view text) {
  Header header;
  const std::string_view descr = entry(path, text, "descr");
  const size_t end = descr.empty() ? std::string_view::npos : descr.find(descr.front(), 1);
  if (descr.empty() || (descr.front() != '\'' && descr.front() != '"') ||
      end == std::string_view::npos || end < 3) {
    fail(path, "its elements are not plain numbers");
  }
  header.byte_order = descr[1];
  if (std::string_view("<>|=").find(header.byte_order) == std::string_view::npos) {
    fail(path, fmt::format("its byte order '{}' is none of <, >, |, =", header.byte_order));
  }
  header.kind = std::string(descr.substr(2, end - 2));
  header.fortran_order = entry(path, text, "fortran_order").substr(0, 4) == "True";
  header.shape = parse_shape(path, entry(path, text, "shape"));
  return header;
}

constexpr std::pair<const char*, DataType> kKinds[] = {
    {"b1", DataType::kBool},      {"i1", DataType::kInt8},        {"i2", DataType::kInt16},
    {"i4", DataType::kInt32},     {"i8", DataType::kInt64},       {"u1", DataType::kUint8},
    {"u2", DataType::kUint16},    {"u4", DataType::kUint32},      {"u8", DataType::kUint64},
    {"f2", DataType::kFloat16},   {"f4", DataType::kFloat32},     {"f8", DataType::kFloat64},
    {"c8", DataType::kComplex64}, {"c16", DataType::kComplex128}, {"V2", DataType::kBfloat16},
};

DataType type_of(const std::string& path, const Header& header) {
  for (const auto& [kind, type] : kKinds) {
    if (header.kind == kind) return type;
  }
  fail(path, fmt::format("elements of NumPy's type '{}' are not supported", header.kind));
}

void swap_bytes(Tensor& tensor) {
  const bool complex = tensor.type == DataType::kComplex64 || tensor.type == DataType::kComplex128;
  const size_t width = bit_width(tensor.type) / 8 / (complex ? 2 : 1);
  for (size_t at = 0; at < tensor.bytes.size(); at += width) {
    std::reverse(tensor.bytes.begin() + static_cast<ptrdiff_t>(at),
                 tensor.bytes.begin() + static_cast<ptrdiff_t>(at + width));
  }
}

// Column-major to row-major: the last index now runs fastest.
void transpose(Tensor& tensor) {
  const size_t width = bit_width(tensor.type) / 8;
  const size_t rank = tensor.shape.size();
  std::vector<int64_t> strides(rank, 1);
  for (size_t axis = 1; axis < rank; ++axis) {
    strides[axis] = strides[axis - 1] * tensor.shape[axis - 1];
  }
  const std::vector<std::byte> from = tensor.bytes;
  std::vector<int64_t> index(rank, 0);
  int64_t offset = 0;
  for (size_t to = 0; to < from.size(); to += width) {
    std::memcpy(&tensor.bytes[to], &from[static_cast<size_t>(offset) * width], width);
    for (size_t axis = rank; axis-- > 0;) {
      offset += strides[axis];
      if (++index[axis] < tensor.shape[axis]) break;
      offset -= strides[axis] * tensor.shape[axis];
      index[axis] = 0;
    }
  }
}

// The header's text, the file left at the first element.
std::string read_header(const std::string& path, std::istream& file) {
  unsigned char start[kMagicBytes + 6] = {};
  if (!file.read(reinterpret_cast<char*>(start), kMagicBytes + 4) ||
      std::memcmp(start, kMagic, kMagicBytes) != 0) {
    fail(path, "it does not start as one");
  }
  const int version = start[kMagicBytes];
  if (version < 1 || version > 3) fail(path, fmt::format("its version {} is not known", version));
  if (version > 1) file.read(reinterpret_cast<char*>(start) + kMagicBytes + 4, 2);
  const unsigned char* length = start + kMagicBytes + 2;
  const size_t bytes =
      length[0] | length[1] << 8 | length[2] << 16 | static_cast<size_t>(length[3]) << 24;
  if (bytes > kLongestHeader_bytes) fail(path, "its header is too long");
  std::string text(bytes, ' ');
  if (!file.read(text.data(), static_cast<std::streamsize>(bytes))) fail(path, "it is cut short");
  return text;
}

}  // namespace

Tensor read_npy(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    throw Error(fmt::format("there is no file {}", path));
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(fmt::format("{} can't be opened: {}", path, std::strerror(errno)));
  return read_npy(file, static_cast<int64_t>(std::filesystem::file_size(path)), path);
}

Tensor read_npy(std::istream& file, int64_t size_bytes, const std::string& path) {
  const std::streampos start = file.tellg();
  const Header header = parse_header(path, read_header(path, file));
  const DataType type = type_of(path, header);
  const auto bytes = static_cast<int64_t>(byte_size(type, element_count(header.shape)));
  const auto stored = size_bytes - static_cast<int64_t>(file.tellg() - start);
  if (stored != bytes) {
    fail(path, fmt::format("{} needs {} bytes, but it has {}", describe(type, header.shape), bytes,
                           stored));
  }
  Tensor tensor = make_tensor(type, header.shape);
  file.read(reinterpret_cast<char*>(tensor.bytes.data()), bytes);
  if (!file) fail(path, "it is cut short");
  if (header.byte_order == '>') swap_bytes(tensor);
  if (header.fortran_order) transpose(tensor);
  return tensor;
}

std::string npy_header(DataType type, const std::vector<int64_t>& shape) {
  constexpr size_t kAlignment = 64;
  const auto kind = std::find_if(std::begin(kKinds), std::end(kKinds),
                                 [&](const auto& known) { return known.second == type; });
  if (kind == std::end(kKinds)) {
    throw Error(fmt::format("NumPy has no elements of the type {}", to_string(type)));
  }
  std::string text = fmt::format("{{'descr': '<{}', 'fortran_order': False, 'shape': ({}{}), }}",
                                 kind->first, fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
  const size_t start = kMagicBytes + 4;
  text.append(kAlignment - (start + text.size() + 1) % kAlignment, ' ');
  text += '\n';
  const char version[] = {1, 0, static_cast<char>(text.size() & 0xff),
                          static_cast<char>(text.size() >> 8)};
  return std::string(kMagic, kMagicBytes) + std::string(version, sizeof version) + text;
}

}  // namespace dnnbench
