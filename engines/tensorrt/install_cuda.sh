#!/usr/bin/env bash
# Fetches TensorRT 10.6's libraries where the machine has none (Debian: libnvinfer10), and CUDA. Its
# headers come with NVIDIA's libnvinfer-dev and libnvonnxparsers-dev; without them this engine is not
# built, and ONNX Runtime's TensorRT provider needs none.
# shellcheck source=setup/fetch.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../setup/fetch.sh"

if ! is_on_machine libnvinfer.so.10; then
  into engines/tensorrt/10.6
  maven x86_64 org.bytedeco:tensorrt:10.6-1.5.11:linux-x86_64-redist 1090347946 e7979693541f996bc284335b05f5e890a82b8b3aba50d680e1343a139cf291c4
  keep '*/libnvinfer.so.10' '*/libnvinfer_builder_resource.so.*' '*/libnvinfer_plugin.so.10' '*/libnvonnxparser.so.10'
  below org/bytedeco/tensorrt/linux-x86_64
  fetch
fi
"$repository/setup/cuda.sh"
