#!/usr/bin/env bash
# aarch64.sh ENGINE...|all: builds for aarch64 Linux on another machine, with these engines, and runs the
# unit tests and two models on each engine in an emulator. It shows that they work, never how fast.
#
# All that is fetched lies in a cache of its own, as on an Arm machine; so does the sysroot, Debian's
# libraries for aarch64, which needs neither root nor a foreign architecture in dpkg.
set -euo pipefail
export XDG_CACHE_HOME=${XDG_CACHE_HOME:-$HOME/.cache}/dnn-bench/on-aarch64
export DNNBENCH_ARCHITECTURE=aarch64
# shellcheck source=setup/lib.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/lib.sh"
# shellcheck source=setup/packages.sh
source "$repository/setup/packages.sh"
# shellcheck source=setup/build.sh
source "$repository/setup/build.sh"

folder=$repository/build/aarch64
sysroot=$cache/sysroot

fetch_sysroot() {
  [[ ! -d $sysroot ]] || return 0
  local partial=$cache/partial/sysroot archive link
  local apt=(apt-get -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Dir::State="$partial/apt"
    -o Dir::State::status="$partial/apt/status" -o Dir::Cache="$partial/apt" -o APT::Install-Recommends=false)
  say "Fetching Debian's libraries for aarch64 into $sysroot"
  rm -rf "$partial"
  mkdir -p "$partial"/apt/{lists,archives}/partial "$partial/root"
  touch "$partial/apt/status"
  { "${apt[@]}" update && "${apt[@]}" install --download-only --yes libc6-dev libstdc++6 libgomp1 libfmt-dev \
    nlohmann-json3-dev libcli11-dev libprotobuf-dev libssl-dev libgtest-dev; } >"$partial/log" 2>&1 ||
    fail "apt could not fetch libraries for aarch64; its reason is in $partial/log"
  for archive in "$partial"/apt/archives/*.deb; do
    dpkg-deb --extract "$archive" "$partial/root"
  done
  # Links from the root of the file system would leave the sysroot.
  while IFS= read -r link; do
    ln -sfnr "$partial/root$(readlink "$link")" "$link"
  done < <(find "$partial/root" -type l -lname '/*')
  write_cpuinfo "$partial/root/proc/cpuinfo"
  mv -T "$partial/root" "$sysroot"
  rm -rf "$partial"
}

# The emulator passes this machine's through, in which libraries find no Arm CPU (ONNX Runtime crashes).
write_cpuinfo() {
  local core
  mkdir -p "$(dirname "$1")"
  for ((core = 0; core < $(nproc --all); ++core)); do
    printf 'processor\t: %d\nBogoMIPS\t: 243.75\nFeatures\t: %s\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x3\nCPU part\t: 0xd0c\nCPU revision\t: 1\n\n' \
      "$core" 'fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp ssbs'
  done >"$1"
}

# NAME.elf gets a script NAME that runs it in the emulator: programs find and start each other by NAME.
wrap_programs() {
  local program
  for program in "$folder"/bin/*.elf; do
    # shellcheck disable=SC2016 # expanded when the script runs
    printf '#!/bin/sh\nexec qemu-aarch64 -cpu "${QEMU_CPU:-neoverse-n1}" -L %q %q "$@"\n' \
      "$sysroot" "$program" >"${program%.elf}"
    chmod +x "${program%.elf}"
  done
}

engines=("$@")
if [[ ${1:-} == all ]]; then
  mapfile -t engines < <(cd "$repository/engines" && grep -l '^wheel aarch64 ' ./*/install.sh | cut -d/ -f2)
fi
((${#engines[@]} > 0)) || fail "which engines? aarch64.sh onnxruntime openvino, or aarch64.sh all"
require toolchain pip venv emulator
fetch_sysroot
mkdir -p "$cache/../../python"
ln -sfn ../../python "$cache/python" # they run on this machine
for engine in "${engines[@]}"; do
  "$repository/engines/$engine/install.sh"
done
"$repository/setup/onnx_proto.sh"
build aarch64 dnnbench dnnbench-tests
wrap_programs
# In an emulator some tests can't pass; the list says why.
"$folder/bin/dnnbench-tests" --gtest_brief=1 \
  --gtest_filter="-$(grep -v '^#' "$repository/tests/aarch64/not_emulated.txt" | paste -sd :)"
# TVM's compiler runs on this machine, its code in the emulator.
export CXX=aarch64-linux-gnu-g++ DNNBENCH_TVM_CPU="aarch64-linux-gnu neoverse-n1"
DNNBENCH_BIN=$folder/bin ENGINES="${engines[*]}" "$repository/setup/pytest.sh" "$repository/tests/aarch64/two_models.py"
