#!/usr/bin/env bash
# first_use.sh SUITE MODEL.onnx: installs the package of build/package into a fresh Debian without a
# compiler, measures the model there on two engines, and prints how long each step took. SUITE is
# Debian's name, such as bookworm. Needs root, debootstrap and Debian's mirror.
# shellcheck source=setup/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../setup/lib.sh"

suite=${1:?give a suite of Debian, such as bookworm}
model=$(readlink -f "${2:?give an .onnx file}")
# /proc and the rest are mounted for this script alone and go away with it.
[[ -v DNNBENCH_FIRST_USE ]] || DNNBENCH_FIRST_USE=1 exec unshare --mount "$(readlink -f "$0")" "$@"

system=$(mktemp --directory --tmpdir dnnbench-first-use.XXXXXX)
chmod 755 "$system"
trap 'umount --recursive --lazy "$system"/{proc,sys,dev}; rm -rf --one-file-system "$system"' EXIT

readonly suspect=5 # the exit status where other programs disturbed the measuring; the table is there

# timed NAME COMMAND...: runs it in the fresh system.
timed() {
  local name=$1 start=$EPOCHREALTIME
  shift
  chroot "$system" "$@" || (($? == suspect)) || fail "$name failed in $system"
  printf '%-24s %6.1f s\n' "$name" "$(awk "BEGIN { print $EPOCHREALTIME - $start }")" >>"$system/times"
}

debootstrap --variant=minbase "$suite" "$system" >"$system.log" || fail "debootstrap failed; see $system.log"
rm "$system.log"
for folder in proc sys dev; do mount --rbind "/$folder" "$system/$folder"; done
cp "$repository"/build/package/*.deb "$repository"/build/package/*.whl "$system/root"
cp "$model" "$system/root/model.onnx"
export DEBIAN_FRONTEND=noninteractive LC_ALL=C HOME=/root
unset TMPDIR
chroot "$system" sh -c 'apt-get update' >/dev/null
timed 'installing the .deb' sh -c 'apt-get install --yes --no-install-recommends /root/*.deb >/dev/null'
# What pip needs to reach its index on this machine.
[[ ! -e /etc/pip.conf ]] || cp /etc/pip.conf "$system/etc"
cp /etc/ssl/certs/ca-certificates.crt "$system/etc/ssl/certs/"

for compiler in cc gcc g++ c++ clang cmake ninja; do
  ! chroot "$system" sh -c "command -v $compiler" || fail "the fresh system has a compiler: $compiler"
done
# shellcheck disable=SC2016 # the inner shell's
timed 'fetching the engines' sh -c 'for e in onnxruntime openvino; do /usr/lib/dnn-bench/engines/$e/install.sh; done'
# All but the measuring, which lasts until the order is known, and longest where others disturb it.
timed 'table of 1 inference' sh -c 'cd /root && dnnbench run model.onnx --onnxruntime --openvino --repeat=1 --warmup=0 --output=one'
timed 'first table' sh -c 'cd /root && dnnbench run model.onnx --onnxruntime --openvino'
timed 'listing the engines' dnnbench engines

chroot "$system" sh -c 'python3 -m venv /root/venv && apt-get purge --yes dnn-bench' >/dev/null
timed 'installing the wheel' sh -c '/root/venv/bin/pip install --quiet /root/*.whl'
timed 'table from the wheel' sh -c 'cd /root && venv/bin/dnnbench run model.onnx --onnxruntime --openvino --output=wheel'

say "Fresh Debian $suite ($(date +%F), $(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)):"
cat "$system/times" >&2
