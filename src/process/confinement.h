// Confinement: what a child process may touch, so that a native library or a model that is not to
// be trusted can do no harm. By the kernel's Landlock (Linux 5.19 and later) it writes only below
// named folders, and from Linux 6.12 on sends no signal out of its own family; by a seccomp filter
// it opens no socket of a network. It may read everything. What it starts is confined with it.
// Landlock's numbers are those of linux/landlock.h, which older systems have in part only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dnnbench {

// Above every file that an engine has cause to write; the largest model files have 2 GiB and
// weights beside them.
inline constexpr int64_t kMaxFileBytes = int64_t{64} << 30;

// The rules, made before the fork and put in force between fork and exec.
class Confinement {
 public:
  // May write below these folders, which must be there, and to the devices that libraries open.
  explicit Confinement(const std::vector<std::string>& writable);
  ~Confinement();
  Confinement(const Confinement&) = delete;
  Confinement& operator=(const Confinement&) = delete;

  // Confines the calling process for good, as far as the kernel can. Async-signal-safe.
  void enter() const;

 private:
  void allow_naming_threads() const;

  int ruleset_fd_ = -1;
};

// What this machine's kernel can't keep an engine from, as a confined process has tried it: "write
// outside its own folder", "open network connections". Empty where it is kept from both.
std::vector<std::string> missing_protection(const Confinement& confinement = Confinement({}));

}  // namespace dnnbench
