#!/usr/bin/env bash
# Fetches onnx.proto, the description of the ONNX file format, with which tests write models.
# shellcheck source=setup/fetch.sh
source "$(dirname "${BASH_SOURCE[0]}")/fetch.sh"

into onnx/1.23.2
wheel x86_64 onnx==1.23.2 manylinux_2_28_x86_64 8881633 7abf381d278f31ac62487fddedc9dd42da842dce94d5d43536836ee3efdf4a2b
wheel aarch64 onnx==1.23.2 manylinux_2_28_aarch64 8640515 a203efdbaabbbe8f25e854e2b2921382d6fcf4c67895656f939044b0632974e8
keep 'onnx/onnx.proto'
below onnx
fetch
