#!/usr/bin/env bash
# container.sh MODEL.onnx: builds the Containerfile on a base made by debootstrap, with buildah, which
# needs no daemon and no privileges of a container runtime, and measures the model in it.
# Needs root, buildah, debootstrap and Debian's mirror; build/package must be there.
# shellcheck source=setup/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../setup/lib.sh"

model=$(readlink -f "${1:?give an .onnx file}")
work=$(mktemp --directory --tmpdir dnnbench-container.XXXXXX)
trap 'rm -rf --one-file-system "$work"' EXIT
export BUILDAH_ISOLATION=chroot
images() { buildah --root "$work/images" --runroot "$work/run" --storage-driver vfs "$@"; }

debootstrap --variant=minbase bookworm "$work/debian" >"$work/log" || fail "debootstrap failed"
base=$(images from scratch)
images add --quiet "$base" "$work/debian" / >/dev/null
images commit --quiet "$base" localhost/debian-base >/dev/null
cd "$repository"
images build --quiet --build-arg BASE=localhost/debian-base --tag localhost/dnn-bench .
container=$(images from localhost/dnn-bench)
inside=(run --volume "$model:/work/model.onnx:ro")
# What pip needs to reach its index on this machine.
[[ ! -e /etc/pip.conf ]] || inside+=(--volume /etc/pip.conf:/etc/pip.conf:ro)
inside+=(--volume /etc/ssl/certs/ca-certificates.crt:/etc/ssl/certs/ca-certificates.crt:ro)
images "${inside[@]}" "$container" -- dnnbench run model.onnx --openvino --repeat=3
