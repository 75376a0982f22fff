#include "process/confinement.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <iterator>

#include "core/folder.h"

namespace dnnbench {
namespace {

// The same on all architectures.
constexpr long kCreateRuleset = 444, kAddRule = 445, kRestrictSelf = 446;
constexpr uint32_t kAskVersion = 1;
constexpr int kRulePathBeneath = 1;

constexpr uint64_t kWriteFile = uint64_t{1} << 1;
constexpr uint64_t kMakeAndRemove = 0x1ff0;     // remove and make files, folders and special files
constexpr uint64_t kRefer = uint64_t{1} << 13;  // rename and link between folders; version 2
constexpr uint64_t kTruncate = uint64_t{1} << 14;  // version 3
constexpr uint64_t kTcp = 0x3;                     // bind and connect; version 4
constexpr uint64_t kScopes = 0x3;                  // abstract sockets and signals; version 6

struct RulesetAttributes {
  uint64_t handled_access_fs = 0;
  uint64_t handled_access_net = 0;
  uint64_t scoped = 0;
};

struct __attribute__((packed)) PathBeneath {
  uint64_t allowed_access = 0;
  int32_t parent_fd = -1;
};

// 0 where the kernel has none. Version 1 lets nothing be renamed between folders, which a compiler
// that keeps what it made must do; it counts as none.
int landlock_version() {
  const long version = syscall(kCreateRuleset, nullptr, 0, kAskVersion);
  return version < 2 ? 0 : static_cast<int>(version);
}

size_t size_known_to(int version) {
  if (version >= 6) return sizeof(RulesetAttributes);
  return version >= 4 ? offsetof(RulesetAttributes, scoped)
                      : offsetof(RulesetAttributes, handled_access_net);
}

uint64_t writing(int version) {
  return kWriteFile | kMakeAndRemove | kRefer | (version >= 3 ? kTruncate : 0);
}

void allow_writing(int ruleset_fd, const std::string& path, uint64_t access) {
  PathBeneath rule;
  rule.parent_fd = open(path.c_str(), O_PATH | O_CLOEXEC);
  if (rule.parent_fd < 0) return;
  struct stat state{};
  const bool is_folder = fstat(rule.parent_fd, &state) == 0 && S_ISDIR(state.st_mode);
  rule.allowed_access = is_folder ? access : access & (kWriteFile | kTruncate);
  syscall(kAddRule, ruleset_fd, kRulePathBeneath, &rule, 0);
  close(rule.parent_fd);
}

// Those that libraries open for writing. A GPU's driver speaks to its device by them.
std::vector<std::string> devices() {
  std::vector<std::string> found{"/dev/null",    "/dev/zero", "/dev/full", "/dev/random",
                                 "/dev/urandom", "/dev/tty",  "/dev/kfd",  "/dev/dri"};
  for (const std::string& name : names_in("/dev")) {
    if (name.starts_with("nvidia")) found.push_back("/dev/" + name);
  }
  return found;
}

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "the filter of system calls doesn't know this architecture"
#endif

// Sockets within the machine, which libraries and drivers use, are left: the local family and that
// of the kernel's own messages. Foreign architectures' calls, x32's included, and io_uring, which
// makes sockets by a way of its own, are refused.
void install_filter() {
  constexpr uint32_t kRefuse = SECCOMP_RET_ERRNO | EACCES;
  constexpr uint32_t kX32 = 0x40000000;
  constexpr uint32_t kIoUringSetup = 425;
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, kRefuse),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kX32, 6, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kIoUringSetup, 5, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, kRefuse),
  };
  const sock_fprog program{static_cast<unsigned short>(std::size(filter)), filter};
  // Without SPEC_ALLOW, kernels before 5.16 slow down the whole process.
  syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program);
}

// What a confined process could do all the same, as bits.
constexpr int kWrites = 1, kConnects = 2;

// A named file, because not every file system has O_TMPFILE.
[[noreturn]] void try_in_confinement(const Confinement& confinement, const char* path) {
  confinement.enter();
  int done = 0;
  if (open(path, O_CREAT | O_WRONLY | O_NOFOLLOW, 0600) >= 0) done |= kWrites;
  if (socket(AF_INET, SOCK_STREAM, 0) >= 0) done |= kConnects;
  _exit(done);
}

}  // namespace

Confinement::Confinement(const std::vector<std::string>& writable) {
  const int version = landlock_version();
  if (version == 0) return;
  RulesetAttributes attributes;
  attributes.handled_access_fs = writing(version);
  if (version >= 4) attributes.handled_access_net = kTcp;
  if (version >= 6) attributes.scoped = kScopes;
  ruleset_fd_ = static_cast<int>(syscall(kCreateRuleset, &attributes, size_known_to(version), 0));
  if (ruleset_fd_ < 0) return;
  fcntl(ruleset_fd_, F_SETFD, FD_CLOEXEC);
  for (const std::string& path : writable) allow_writing(ruleset_fd_, path, writing(version));
  for (const std::string& path : devices()) allow_writing(ruleset_fd_, path, kWriteFile);
}

Confinement::~Confinement() {
  if (ruleset_fd_ >= 0) close(ruleset_fd_);
}

// A library that names its threads writes into /proc/self/task. The descriptor stays open for good,
// through exec, too: it keeps the kernel's object that the rule is tied to.
void Confinement::allow_naming_threads() const {
  PathBeneath rule;
  rule.parent_fd = open("/proc/self/task", O_PATH);
  rule.allowed_access = kWriteFile;
  syscall(kAddRule, ruleset_fd_, kRulePathBeneath, &rule, 0);
}

void Confinement::enter() const {
  rlimit file_size{};
  if (getrlimit(RLIMIT_FSIZE, &file_size) == 0 &&
      file_size.rlim_cur > static_cast<rlim_t>(kMaxFileBytes)) {
    file_size.rlim_cur = static_cast<rlim_t>(kMaxFileBytes);
    setrlimit(RLIMIT_FSIZE, &file_size);
  }
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (ruleset_fd_ >= 0) {
    allow_naming_threads();
    syscall(kRestrictSelf, ruleset_fd_, 0);
  }
  install_filter();
}

std::vector<std::string> missing_protection(const Confinement& confinement) {
  const std::string path = fmt::format("{}/dnnbench-probe-{}", temporary_folder(), getpid());
  const pid_t pid = fork();
  if (pid == 0) try_in_confinement(confinement, path.c_str());
  int status = -1;
  while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  unlink(path.c_str());
  const int done = WIFEXITED(status) ? WEXITSTATUS(status) : kWrites | kConnects;
  std::vector<std::string> missing;
  if ((done & kWrites) != 0) missing.push_back("write outside its own folder");
  if ((done & kConnects) != 0) missing.push_back("open network connections");
  return missing;
}

}  // namespace dnnbench
