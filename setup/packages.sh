# shellcheck shell=bash
# What the system must bring, checked by trying it, and installed by apt where it is missing.
# Sourced after lib.sh.

# require toolchain|pip|venv|tests|emulator|fuzzer...: installs what any of these lacks, in one go.
require() {
  local group missing=()
  for group in "$@"; do
    "note_missing_$group"
  done
  install_packages "${missing[@]}"
}

# A compiler, CMake, and the libraries that CMakeLists.txt looks for.
note_missing_toolchain() {
  compiles span || missing+=(g++)
  has_command cmake || missing+=(cmake)
  has_command ninja || missing+=(ninja-build)
  has_command protoc || missing+=(protobuf-compiler)
  has_header google/protobuf/message.h || missing+=(libprotobuf-dev)
  has_header CLI/CLI.hpp || missing+=(libcli11-dev)
  has_header nlohmann/json.hpp || missing+=(nlohmann-json3-dev)
  has_header fmt/format.h || missing+=(libfmt-dev)
  has_header openssl/evp.h || missing+=(libssl-dev)
  has_header gtest/gtest.h || missing+=(libgtest-dev)
}

note_missing_pip() { python3 -m pip --version >/dev/null 2>&1 || missing+=(python3-pip); }

note_missing_tests() {
  has_command git || missing+=(git)
  has_command make || missing+=(make)
}

# clang with libFuzzer, whose libraries are a package of their own on some systems.
note_missing_fuzzer() {
  if ! echo 'extern "C" int LLVMFuzzerTestOneInput(const char*, unsigned long) { return 0; }' |
    clang++ -fsanitize=fuzzer,address,undefined -x c++ -o /dev/null - 2>/dev/null; then
    missing+=(clang libclang-rt-dev)
  fi
}

# To build for Arm on another machine, and to run that.
note_missing_emulator() {
  has_command aarch64-linux-gnu-g++ || missing+=(g++-aarch64-linux-gnu)
  has_command qemu-aarch64 || missing+=(qemu-user)
}

note_missing_venv() { python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv); }

has_command() { [[ -n $(type -P "$1") ]]; }

# Headers may lie where CMAKE_PREFIX_PATH or a conda environment points, as they do on clusters.
compiles() {
  local prefix prefixes include=()
  IFS=':;' read -ra prefixes <<<"${CMAKE_PREFIX_PATH:-}:${CONDA_PREFIX:-}"
  for prefix in "${prefixes[@]}"; do
    [[ -z $prefix ]] || include+=(-I "$prefix/include")
  done
  "${CXX:-c++}" -std=c++20 -fsyntax-only "${include[@]}" -include "$1" -x c++ /dev/null 2>/dev/null
}

# Without a compiler to ask, the usual place is looked at. Only the preprocessor runs: it is fast.
has_header() { [[ -e /usr/include/$1 ]] || compiles "$1"; }

# install_packages PACKAGE...: by apt, as root or through sudo; else one sentence that says what to ask for.
install_packages() {
  (($# > 0)) || return 0
  if ! has_command apt-get; then
    fail "install what Debian calls $*, and try again"
  elif ((EUID != 0)) && ! has_command sudo; then
    fail "only an administrator can install what this machine lacks; ask for: apt-get install $*"
  fi
  say "Installing with apt what this machine lacks: $*"
  if ! update_and_install "$@"; then
    fail "apt could not install $* (its reason is above); an administrator can: apt-get install $*"
  fi
}

# Whether this user may install without being asked for a password.
may_install() {
  has_command apt-get && { ((EUID == 0)) || sudo --non-interactive true 2>/dev/null; }
}

update_and_install() {
  # A machine that has just started often still runs its own updates: wait for them.
  local install=(apt-get install --no-install-recommends -o DPkg::Lock::Timeout=300)
  run_apt apt-get update || return
  say "$(as_root "${install[@]}" --assume-no "$@" 2>&1 | grep -E '^(Need to get|After this)')"
  run_apt "${install[@]}" --yes "$@"
}

as_root() {
  local command=(env DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@")
  if ((EUID == 0)); then
    "${command[@]}"
  elif [[ -t 0 ]]; then
    sudo "${command[@]}"
  else
    sudo --non-interactive "${command[@]}" # nobody could type a password
  fi
}

# On a terminal apt shows its own progress; elsewhere its output is only shown when it fails.
run_apt() {
  local output
  if can_redraw; then
    as_root "$@" >&2
  else
    output=$(as_root "$@" 2>&1) || {
      say "$output"
      return 1
    }
  fi
}
