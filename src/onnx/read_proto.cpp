#include "onnx/read_proto.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/wire_format_lite.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>

#include "core/error.h"

namespace dnnbench {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;
using google::protobuf::io::FileInputStream;

constexpr int kReadBlock_bytes = 1 << 20;

class File {
 public:
  explicit File(const std::string& path) : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (descriptor_ < 0) {
      throw Error(fmt::format("{} can't be opened: {}", path, std::strerror(errno)));
    }
  }
  ~File() { close(descriptor_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

int64_t regular_file_bytes(const File& file, const std::string& path, const std::string& what) {
  struct stat status{};
  if (fstat(file.descriptor(), &status) != 0) {
    throw Error(fmt::format("{} can't be read: {}", path, std::strerror(errno)));
  }
  if (S_ISDIR(status.st_mode)) {
    throw Error(fmt::format("{} is a folder, not {}; name the file inside it", path, what));
  }
  if (!S_ISREG(status.st_mode)) {
    throw Error(fmt::format("{} is not a regular file; {} must be one", path, what));
  }
  if (status.st_size == 0) throw Error(fmt::format("{} is empty, not {}", path, what));
  if (status.st_size > std::numeric_limits<int32_t>::max()) {
    throw Error(fmt::format(
        "{} is larger than 2 GiB, which no protobuf file may be; save the model with external data",
        path));
  }
  return status.st_size;
}

// Whether a field announces more bytes than the file has, in a file that starts as the messages
// of ONNX do: with a number as field 1 or 2.
bool is_cut_short(const File& file, int64_t file_bytes) {
  if (lseek(file.descriptor(), 0, SEEK_SET) != 0) return false;
  FileInputStream bytes(file.descriptor(), kReadBlock_bytes);
  CodedInputStream stream(&bytes);
  bool at_start = true;
  while (const uint32_t tag = stream.ReadTag()) {
    const bool number = WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_VARINT;
    if (at_start && (!number || WireFormatLite::GetTagFieldNumber(tag) > 2)) return false;
    at_start = false;
    if (!WireFormatLite::SkipField(&stream, tag)) break;
  }
  return !at_start && stream.CurrentPosition() >= file_bytes;
}

}  // namespace

int64_t read_proto(const std::string& path, const std::string& what,
                   google::protobuf::MessageLite& message) {
  const File file(path);
  const int64_t file_bytes = regular_file_bytes(file, path, what);
  FileInputStream stream(file.descriptor(), kReadBlock_bytes);
  if (message.ParseFromZeroCopyStream(&stream)) return file_bytes;
  if (stream.GetErrno() != 0) {
    throw Error(fmt::format("{} can't be read: {}", path, std::strerror(stream.GetErrno())));
  }
  if (is_cut_short(file, file_bytes)) {
    throw Error(
        fmt::format("{} is cut short or damaged: it has {} bytes but should have more; copy or "
                    "download it again",
                    path, file_bytes));
  }
  throw Error(fmt::format("{} is not {}", path, what));
}

}  // namespace dnnbench
