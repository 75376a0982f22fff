#!/usr/bin/env bash
# Fetches ONNX Runtime with its CUDA and TensorRT providers, and CUDA.
# shellcheck source=setup/fetch.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../setup/fetch.sh"

into engines/onnxruntime-gpu/1.31.1
wheel x86_64 onnxruntime-gpu==1.31.1 manylinux_2_28_x86_64 255569273 05d548956197b9d01f59b625de740e0d6be3593f874e241a12dc0362650ecdf7
keep 'onnxruntime/capi/libonnxruntime*.so*' 'onnxruntime/LICENSE' 'onnxruntime/ThirdPartyNotices.txt'
fetch
"$repository/setup/cuda.sh"
