// Internal to src/import: a regular file mapped into memory, read-only. One that somebody cuts
// while it is read shows zeros where it was, instead of ending the process by SIGBUS.
#pragma once

#include <memory>
#include <string>

#include "import/wire.h"

namespace dnnbench::import {

class MappedFile {
 public:
  // Throws Error when the file can't be opened or mapped, and for a folder, pipe or device. `what`
  // says in the error what the file should have been: "an ONNX model".
  MappedFile(const std::string& path, const std::string& what);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  Bytes bytes() const { return bytes_; }

  // Throws Error where it was cut since it was opened: what was read of it may be zeros.
  void require_whole() const;

 private:
  std::string path_;
  Bytes bytes_;
  int number_ = -1;  // of its entry in the signal handler's table; -1: none was free
};

// A file that is one protobuf message. Throws Error also when it is empty, larger than such a file
// may be, or not a message: the error says whether it was cut short.
std::shared_ptr<const MappedFile> map_message(const std::string& path, const std::string& what);

}  // namespace dnnbench::import
