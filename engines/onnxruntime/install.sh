#!/usr/bin/env bash
# Fetches ONNX Runtime's library: the engine, and the reference of every verification.
# shellcheck source=setup/fetch.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../setup/fetch.sh"

into engines/onnxruntime/1.31.1
wheel x86_64 onnxruntime==1.31.1 manylinux_2_28_x86_64 23760988 1f3dea47f2f0e5117c2404cea7d21fd253ae7836a3bf167a501cdfbb2600d536
wheel aarch64 onnxruntime==1.31.1 manylinux_2_28_aarch64 21420803 0b9a492176886992e0e875f06bc0367e333f5fff11711a2d642e18b02f3009cc
keep 'onnxruntime/capi/libonnxruntime.so.*' 'onnxruntime/LICENSE' 'onnxruntime/ThirdPartyNotices.txt'
fetch_version "$@"
