// Internal to src/import: a regular file mapped into memory, read-only.
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

 private:
  Bytes bytes_;
};

// A file that is one protobuf message. Throws Error also when it is empty, larger than such a file
// may be, or not a message: the error says whether it was cut short.
std::shared_ptr<const MappedFile> map_message(const std::string& path, const std::string& what);

}  // namespace dnnbench::import
