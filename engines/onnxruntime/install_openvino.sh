#!/usr/bin/env bash
# Fetches ONNX Runtime with its OpenVINO provider, and the OpenVINO that it is built for.
# shellcheck source=setup/fetch.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../setup/fetch.sh"

into engines/onnxruntime-openvino/1.24.1
wheel x86_64 onnxruntime-openvino==1.24.1 manylinux_2_28_x86_64 84433207 d617fac2f59a6ab5ea59a788c3e1592240a129642519aaeaa774761dfe35150e
keep 'onnxruntime/capi/lib*.so*' 'onnxruntime/LICENSE' 'onnxruntime/ThirdPartyNotices.txt'
fetch
