#!/usr/bin/env bash
# Fetches the ONNX backend node tests: models with inputs and expected outputs. The package's later
# versions no longer carry them. Prints the folder on stdout.
# shellcheck source=setup/fetch.sh
source "$(dirname "${BASH_SOURCE[0]}")/fetch.sh"

into conformance/onnx-1.19.1
wheel x86_64 onnx==1.19.1 manylinux_2_17_x86_64 18218271 485d3674d50d789e0ee72fa6f6e174ab81cb14c772d594f992141bd744729d8a
wheel aarch64 onnx==1.19.1 manylinux_2_17_aarch64 18042539 6c2fd2f744e7a3880ad0c262efa2edf6d965d0bd02b8f327ec516ad4cb0f2f15
keep 'onnx/backend/test/data/node/*'
below onnx/backend/test/data/node
fetch
printf '%s\n' "$cache/$target"
