// A library for LD_PRELOAD that lets one system call or allocation of dnnbench itself fail, not of
// its engines. DNNBENCH_FAULT=CALL:NUMBER names it: the NUMBER-th write, fsync, rename, open, mmap,
// fork or malloc after main has begun; before that, where libraries make their static objects,
// nobody could catch a failure, and there is nothing to lose. With DNNBENCH_FAULT_COUNT=FILE, the
// number of such calls is written there at the end of a program that ran without a fault (NUMBER is
// 0).
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace {

struct Fault {
  std::atomic<long> calls{0};
  char call[16] = "";
  long number = -1;  // before it is known, nothing fails
  pid_t process = 0;
};

Fault& fault() {
  static Fault only;
  return only;
}

template <typename Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

bool fails(const char* name) {
  if (fault().number < 0 || strcmp(fault().call, name) != 0 || getpid() != fault().process) {
    return false;
  }
  return ++fault().calls == fault().number;
}

void begin() {
  char program[4096] = "";
  const ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
  const char* const name = length > 0 ? strrchr(program, '/') : nullptr;
  const char* const asked = getenv("DNNBENCH_FAULT");
  if (name == nullptr || strcmp(name, "/dnnbench") != 0 || asked == nullptr) return;
  long number = 0;
  if (sscanf(asked, "%15[a-z]:%ld", fault().call, &number) != 2) return;
  fault().process = getpid();
  fault().number = number;
}

using Main = int(int, char**, char**);

Main*& programs_main() {
  static Main* only = nullptr;
  return only;
}

int main_with_faults(int count, char** arguments, char** environment) {
  begin();
  return programs_main()(count, arguments, environment);
}

__attribute__((destructor)) void end() {
  const char* const path = getenv("DNNBENCH_FAULT_COUNT");
  if (path == nullptr || fault().number != 0 || getpid() != fault().process) return;
  fault().number = -1;
  if (FILE* const file = fopen(path, "w")) {
    fprintf(file, "%ld\n", fault().calls.load());
    fclose(file);
  }
}

}  // namespace

extern "C" {

int __libc_start_main(Main* main, int count, char** arguments, void (*init)(), void (*fini)(),
                      void (*loader_fini)(), void* stack_end) {
  static auto* const real =
      next<int(Main*, int, char**, void (*)(), void (*)(), void (*)(), void*)>("__libc_start_main");
  programs_main() = main;
  return real(main_with_faults, count, arguments, init, fini, loader_fini, stack_end);
}

ssize_t write(int fd, const void* bytes, size_t count) {
  static auto* const real = next<decltype(write)>("write");
  if (fails("write")) return errno = ENOSPC, -1;
  return real(fd, bytes, count);
}

int fsync(int fd) {
  static auto* const real = next<decltype(fsync)>("fsync");
  if (fails("fsync")) return errno = EIO, -1;
  return real(fd);
}

int rename(const char* from, const char* to) noexcept {
  static auto* const real = next<int(const char*, const char*)>("rename");
  if (fails("rename")) return errno = EACCES, -1;
  return real(from, to);
}

int open(const char* path, int flags, ...) {
  static auto* const real = next<int(const char*, int, mode_t)>("open");
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  if (fails("open")) return errno = EMFILE, -1;
  return real(path, flags, mode);
}

FILE* fopen64(const char* path, const char* mode) {
  static auto* const real = next<FILE*(const char*, const char*)>("fopen64");
  if (fails("open")) return errno = EMFILE, nullptr;
  return real(path, mode);
}

void* mmap(void* address, size_t length, int protection, int flags, int fd, off_t offset) noexcept {
  static auto* const real = next<void*(void*, size_t, int, int, int, off_t)>("mmap");
  if (fails("mmap")) return errno = ENOMEM, MAP_FAILED;
  return real(address, length, protection, flags, fd, offset);
}

pid_t fork() noexcept {
  static auto* const real = next<pid_t()>("fork");
  if (fails("fork")) return errno = EAGAIN, -1;
  return real();
}

extern void* __libc_malloc(size_t bytes);

void* malloc(size_t bytes) noexcept {
  if (fails("malloc")) return errno = ENOMEM, nullptr;
  return __libc_malloc(bytes);
}

}  // extern "C"
