#!/usr/bin/env bash
# Fetches OpenVINO: headers, CMake configuration and libraries.
# shellcheck source=setup/fetch.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../setup/fetch.sh"

into engines/openvino/2026.4.1
wheel x86_64 openvino==2026.4.1 manylinux_2_28_x86_64 59144434 6b4375c17ddcac83a5180349e2e2bb811185c261066e2a920659892d58ef0e3b
wheel aarch64 openvino==2026.4.1 manylinux_2_35_aarch64 30332437 82efccb2f9f1bdc7e5a1996e05a3b719ebff9232dd54b44150d6d2e983a86b7d
keep 'openvino/cmake/*' 'openvino/include/*' 'openvino/libs/*' 'openvino-*/licenses/*'
fetch_version "$@"
