#include "inputs/npz.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <fstream>

#include "core/error.h"
#include "inputs/npy.h"

namespace dnnbench {
namespace {

// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, sections 4.3.7, 4.3.12, 4.3.16.
constexpr int64_t kEndBytes = 22;
constexpr int64_t kEntryBytes = 46;
constexpr int64_t kLocalBytes = 30;
constexpr int64_t kLongestComment = 65535;
constexpr uint32_t kIn64Bits = 0xFFFFFFFF;  // the number stands elsewhere

class Archive {
 public:
  explicit Archive(const std::string& path) : path_(path), file_(path, std::ios::binary) {
    if (!file_) fail("it can't be opened");
    file_.seekg(0, std::ios::end);
    size_ = file_.tellg();
  }

  std::map<std::string, Tensor> read() {
    const std::string end = read_end();
    int64_t at = number(end, 16, 4);
    std::map<std::string, Tensor> arrays;
    for (int64_t left = number(end, 10, 2); left > 0; --left) {
      const std::string entry = read_at(at, kEntryBytes);
      if (entry.substr(0, 4) != "PK\x01\x02") fail("its list of entries is broken");
      const int64_t name_bytes = number(entry, 28, 2);
      std::string name = read_at(at + kEntryBytes, name_bytes);
      at += kEntryBytes + name_bytes + number(entry, 30, 2) + number(entry, 32, 2);
      if (name.ends_with(".npy")) name.resize(name.size() - 4);
      arrays[name] = read_array(entry, name);
    }
    return arrays;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(fmt::format("{} can't be read as a .npz file: {}", path_, what));
  }

  std::string read_at(int64_t at, int64_t bytes) {
    if (at < 0 || bytes < 0 || at + bytes > size_) fail("it is cut short");
    std::string text(static_cast<size_t>(bytes), '\0');
    file_.seekg(at);
    if (!file_.read(text.data(), bytes)) fail("it is cut short");
    return text;
  }

  static int64_t number(const std::string& text, size_t at, size_t bytes) {
    int64_t value = 0;
    for (size_t i = bytes; i-- > 0;) value = value << 8 | static_cast<unsigned char>(text[at + i]);
    return value;
  }

  std::string read_end() {
    const int64_t longest = std::min(size_, kEndBytes + kLongestComment);
    const std::string tail = read_at(size_ - longest, longest);
    const size_t at = tail.rfind("PK\x05\x06");
    if (at == std::string::npos || tail.size() - at < kEndBytes) fail("it is not a zip archive");
    return tail.substr(at);
  }

  Tensor read_array(const std::string& entry, const std::string& name) {
    if (number(entry, 10, 2) != 0) fail("it is compressed; write it with numpy.savez");
    const int64_t bytes = number(entry, 24, 4);
    const int64_t local_at = number(entry, 42, 4);
    if (bytes == kIn64Bits || local_at == kIn64Bits) fail("it is larger than 4 GB");
    const std::string local = read_at(local_at, kLocalBytes);
    const int64_t data_at = local_at + kLocalBytes + number(local, 26, 2) + number(local, 28, 2);
    if (data_at + bytes > size_) fail("it is cut short");
    array_bytes_ += bytes;
    if (array_bytes_ > size_) fail("entries share their bytes");  // few bytes would fill the memory
    file_.seekg(data_at);
    return read_npy(file_, bytes, path_ + ":" + name);
  }

  std::string path_;
  std::ifstream file_;
  int64_t size_ = 0;
  int64_t array_bytes_ = 0;  // of the entries read by now
};

}  // namespace

std::map<std::string, Tensor> read_npz(const std::string& path) { return Archive(path).read(); }

}  // namespace dnnbench
