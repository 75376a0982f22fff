// LogFile: what a worker prints, kept in bounds: where it grows too long, its start is cut and its
// end kept. Owns its descriptor.
#pragma once

#include <sys/types.h>

#include <string>

namespace dnnbench {

class LogFile {
 public:
  static constexpr long kMax_bytes = 16L << 20;  // then it is cut, to
  static constexpr long kKept_bytes = 4L << 20;

  // Opens it for appending; what it held is gone unless `keep`. Throws Error when that can't be, or
  // is not a regular file.
  LogFile(const std::string& path, bool keep);
  ~LogFile();
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  int fd() const { return fd_; }

  // Cuts it where it is too long. Another process may be writing.
  void bound();

  // The last line since it was opened that is not empty, printable and at most 300 bytes long; ""
  // where there is none.
  std::string last_line() const;

 private:
  int fd_;
  off_t start_ = 0;  // what was kept ends there
};

}  // namespace dnnbench
