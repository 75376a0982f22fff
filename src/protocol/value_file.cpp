#include "protocol/value_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

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

// A new file in place of whatever lies at `path`.
class Writer {
 public:
  explicit Writer(const std::string& path) : path_(path) {
    unlink(path.c_str());
    fd_ = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd_ < 0) fail();
  }
  ~Writer() {
    if (fd_ >= 0) close(fd_);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void write_bytes(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = write(fd_, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) fail();
      bytes.remove_prefix(static_cast<size_t>(count));
    }
  }

  void close_file() {
    if (close(std::exchange(fd_, -1)) != 0) fail();
  }

 private:
  [[noreturn]] void fail() const {
    throw Error("could not write " + path_ + ": " + std::strerror(errno));
  }

  std::string path_;
  int fd_ = -1;
};

// A regular file from start to end. Opening one never waits, as a FIFO's does.
class Reader {
 public:
  Reader(const std::string& path, int64_t max_bytes)
      : path_(path), fd_(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {
    if (fd_ < 0) throw Error("could not read " + path + ": " + std::strerror(errno));
    struct stat file{};
    if (fstat(fd_, &file) != 0 || !S_ISREG(file.st_mode)) fail("is not a regular file");
    if (max_bytes > 0 && file.st_size > max_bytes) fail("is larger than the memory that is free");
    left_ = static_cast<uint64_t>(file.st_size);
  }
  ~Reader() {
    if (fd_ >= 0) close(fd_);
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  [[noreturn]] void fail(const std::string& why) {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
    throw Error(path_ + " " + why);
  }

  uint64_t left() const { return left_; }

  void read_bytes(void* to, uint64_t count) {
    if (count > left_) fail("ends within a tensor");
    auto* at = static_cast<char*>(to);
    while (count > 0) {
      const size_t got = read_some(at, count);
      if (got == 0) fail("ends within a tensor");
      move_on(got);
      at += got;
      count -= got;
    }
  }

  // Without its line feed.
  std::string read_line(uint64_t max_bytes) {
    std::array<char, 4096> buffer{};
    std::string line;
    while (line.size() < max_bytes) {
      const size_t got = read_some(buffer.data(), std::min<uint64_t>(buffer.size(), left_));
      if (got == 0) break;
      const auto* const end = std::find(buffer.data(), buffer.data() + got, '\n');
      const auto length = static_cast<size_t>(end - buffer.data());
      line.append(buffer.data(), length);
      move_on(std::min(length + 1, got));
      if (length < got) return line;
    }
    fail("is not a values file of dnnbench");
  }

 private:
  std::string path_;
  int fd_;
  uint64_t left_ = 0;
  off_t at_ = 0;

  // 0 at the end.
  size_t read_some(char* to, uint64_t count) const {
    ssize_t got;
    do {
      got = pread(fd_, to, count, at_);
    } while (got < 0 && errno == EINTR);
    return got < 0 ? 0 : static_cast<size_t>(got);
  }

  void move_on(size_t bytes) {
    at_ += static_cast<off_t>(bytes);
    left_ -= bytes;
  }
};

std::vector<std::string> read_strings(uint64_t bytes, Reader& in) {
  if (bytes > in.left()) in.fail("ends within a tensor");
  std::string packed(bytes, '\0');
  in.read_bytes(packed.data(), bytes);
  std::vector<std::string> strings;
  size_t at = 0;
  while (at < packed.size()) {
    uint64_t length = 0;
    if (packed.size() - at < sizeof length) in.fail("ends within a string");
    std::memcpy(&length, packed.data() + at, sizeof length);
    at += sizeof length;
    if (packed.size() - at < length) in.fail("ends within a string");
    strings.push_back(packed.substr(at, length));
    at += length;
  }
  return strings;
}

Tensor read_tensor(const json& description, Reader& in) {
  Tensor tensor;
  const int type = description.at("type").get<int>();
  tensor.type = static_cast<DataType>(type);
  if (type <= 0 || to_string(tensor.type) == to_string(DataType::kUndefined)) {
    in.fail("has a tensor of an unknown type");
  }
  tensor.shape = description.at("shape").get<std::vector<int64_t>>();
  const int64_t count = tensor.element_count();
  const auto bytes = description.at("bytes").get<uint64_t>();
  if (tensor.type == DataType::kString) {
    tensor.strings = read_strings(bytes, in);
    if (static_cast<int64_t>(tensor.strings.size()) != count)
      in.fail("has the wrong number of strings");
    return tensor;
  }
  if (bytes != byte_size(tensor.type, count)) in.fail("has a size that doesn't fit its shape");
  if (bytes > in.left()) in.fail("ends within a tensor");
  tensor.bytes.resize(bytes);
  in.read_bytes(tensor.bytes.data(), bytes);
  return tensor;
}

Value read_value(const json& description, Reader& in) {
  Value value;
  value.name = description.at("name").get<std::string>();
  const int kind = description.at("kind").get<int>();
  if (kind < 0 || kind > static_cast<int>(Value::Kind::kNone))
    in.fail("has an unknown kind of value");
  value.kind = static_cast<Value::Kind>(kind);
  for (const json& tensor : description.at("tensors")) {
    value.tensors.push_back(read_tensor(tensor, in));
  }
  const size_t tensors = value.tensors.size();
  if ((value.kind == Value::Kind::kTensor && tensors != 1) ||
      (value.kind == Value::Kind::kNone && tensors != 0)) {
    in.fail("has a value with the wrong number of tensors");
  }
  return value;
}

}  // namespace

void write_values(const std::string& path, const std::vector<Value>& values) {
  json header = json::array();
  for (const Value& value : values) header.push_back(describe_value(value));
  Writer out(path);
  // A tensor's name is whatever the model's author chose, not always UTF-8.
  const std::string text = header.dump(-1, ' ', false, json::error_handler_t::replace);
  out.write_bytes(kFirstLine + ('\n' + text) + '\n');
  for (const Value& value : values) {
    for (const Tensor& tensor : value.tensors) {
      if (tensor.type == DataType::kString) {
        out.write_bytes(pack_strings(tensor.strings));
      } else {
        out.write_bytes({reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size()});
      }
    }
  }
  out.close_file();
}

std::vector<Value> read_values(const std::string& path, int64_t max_bytes) {
  constexpr uint64_t kMaxHeader_bytes = uint64_t{64} << 20;
  Reader in(path, max_bytes);
  if (in.read_line(std::strlen(kFirstLine) + 1) != kFirstLine) {
    in.fail("is not a values file of dnnbench");
  }
  std::vector<Value> values;
  try {
    for (const json& description : json::parse(in.read_line(kMaxHeader_bytes))) {
      values.push_back(read_value(description, in));
    }
  } catch (const json::exception& error) {
    in.fail(std::string("has a broken header: ") + error.what());
  }
  if (in.left() > 0) in.fail("goes on after its last tensor");
  return values;
}

}  // namespace dnnbench
