#!/usr/bin/env bash
# Fetches ONNX Runtime's C header of version 1.24, for ort_api_test.cpp alone: its Python packages have none, and this
# Go module has. Without Go or network that test is skipped and says so.
# shellcheck source=setup/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=setup/packages.sh
source "$repository/setup/packages.sh"

module=github.com/yalue/onnxruntime_go@v1.27.0
target=$cache/onnxruntime-header/1.24
hashes='9ed0d7054a4e74249467365b25b415d36f51a44a6349e2a994a1812e4723d1e2  onnxruntime_c_api.h
e94ac3490697bdb107844fa9d403952ee7136134132a057eae5c1207b57ce352  onnxruntime_ep_c_api.h'

is_whole() { (cd "$1" 2>/dev/null && sha256sum --check --status <<<"$hashes" 2>/dev/null); }

fetch_header() {
  ! is_whole "$target" || return 0
  partial=$cache/partial/onnxruntime-header # not local: the trap runs after the function
  rm -rf "$partial"
  mkdir -p "$partial"
  trap 'rm -rf "$partial"' EXIT
  say "Fetching $module, 23.0 MB, for a test"
  (cd "$partial" && GOMODCACHE=$partial GOFLAGS=-modcacherw go mod download "$module") >&2 || return
  is_whole "$partial/$module" || fail "$module does not have the header that it should have"
  mkdir -p "$target"
  cp "$partial/$module"/{onnxruntime_c_api.h,onnxruntime_ep_c_api.h,LICENSE} "$target"
}

if ! has_command go || ! with_lock onnxruntime-header fetch_header; then
  say "ort_api_test is skipped: ONNX Runtime's header is a part of $module, which Go fetches"
fi
