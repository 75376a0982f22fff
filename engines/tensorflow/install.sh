#!/usr/bin/env bash
# Fetches TensorFlow: the C interface's headers and the two libraries behind it.
# shellcheck source=setup/fetch.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../setup/fetch.sh"

into engines/tensorflow/2.21.0
wheel x86_64 tensorflow-cpu==2.21.0 manylinux_2_27_x86_64 274000871 dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb
wheel aarch64 tensorflow==2.21.0 manylinux_2_27_aarch64 281946471 b07d15737406533898e36c7ef7944b1be18e9028dc521b9229952c537bbc5552
keep 'tensorflow/libtensorflow_*.so.2' 'tensorflow/include/tensorflow/c/*.h' 'tensorflow/include/tensorflow/core/platform/*.h' \
  'tensorflow/include/xla/tsl/c/*.h' 'tensorflow/include/tsl/platform/*.h' 'tensorflow/include/LICENSE' 'tensorflow/THIRD_PARTY_NOTICES.txt'
fetch
