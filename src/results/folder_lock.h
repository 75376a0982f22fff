// FolderLock: one run at a time writes into a folder of results. The kernel drops the lock with the
// process, however that ends, and it leaves no file.
#pragma once

#include <string>

namespace dnnbench {

// Makes it where it is not there. Throws Error.
void make_results_folder(const std::string& folder);

class FolderLock {
 public:
  // Throws Error where the folder can't be opened. A file system without locks (some network ones)
  // gives one to everybody.
  explicit FolderLock(const std::string& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

  // Whether this run has it now. Does not wait.
  bool try_take() const;

 private:
  int fd_;
};

}  // namespace dnnbench
