// Internal to src/import: a file mapped into memory, read-only.
#pragma once

#include <memory>
#include <string>

#include "import/wire.h"

namespace dnnbench::import {

class MappedFile {
 public:
  // Throws Error when the file can't be opened or mapped.
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  Bytes bytes() const { return bytes_; }

 private:
  Bytes bytes_;
};

}  // namespace dnnbench::import
