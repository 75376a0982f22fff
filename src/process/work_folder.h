// WorkFolder: a private folder for the files that travel between dnnbench and the engines; gone
// with its object. In shared memory where there is enough, so that no disk is touched; otherwise
// among the temporary files: a container has 64 MB of shared memory unless told otherwise.
#pragma once

#include <cstdint>
#include <string>

namespace dnnbench {

class WorkFolder {
 public:
  // These throw Error when no folder can be made.
  WorkFolder();
  // One below another folder.
  explicit WorkFolder(const std::string& parent);
  ~WorkFolder();
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Whether work folders are made in shared memory, where that and the disk have so much space.
bool fits_in_memory(uintmax_t memory_bytes, uintmax_t disk_bytes);

}  // namespace dnnbench
