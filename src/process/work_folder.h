// WorkFolder: a private folder for the files that travel between dnnbench and the engines; gone
// with its object. In shared memory where there is some, so that no disk is touched.
#pragma once

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

}  // namespace dnnbench
