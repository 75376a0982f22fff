#!/usr/bin/env bash
# Fetches PyTorch's CUDA libraries, beside those of install.sh, and CUDA.
# shellcheck source=setup/fetch.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../setup/fetch.sh"

into engines/pytorch-cuda/2.15.0
wheel x86_64 torch==2.15.0 manylinux_2_28_x86_64 539172785 6d8c86f4e33a9f12a58149bd9b0d64351632b8eb44479be8ff85e5389932dd79
keep 'torch/lib/lib*cuda*.so' 'torch/lib/libtorch_nvshmem.so' 'torch/lib/libcaffe2_nvrtc.so' 'torch-*/licenses/*'
wheel x86_64 nvidia-cusparse==12.7.10.12 manylinux2014_x86_64 150999307 25907c75e4db1581685f06f61cc6cdecc04611765516a52373e0a18ebd69fa00
wheel x86_64 nvidia-cusolver==12.2.0.11 manylinux_2_27_x86_64 227913465 fab5778f6769947389a1a6abc07e635576825a08c0ffc68c3ae7f1392c794b42
wheel x86_64 nvidia-cusparselt-cu13==0.8.1 manylinux2014_x86_64 170148586 786ce87568c303fadb5afcc7102d454cd3040d75f6f8626f5db460d1871f4dd0
wheel x86_64 nvidia-nccl-cu13==2.30.7 manylinux_2_18_x86_64 215965170 cefa7fdb9710efd0f39c5f1be1d61ff6fc9a996c451265bd7fbdcf9455ed4b50
wheel x86_64 nvidia-nvshmem-cu13==3.7.2 manylinux2014_x86_64 135397797 b9a4f843c62b5dded8ad33fd6d220e007dcd39f06cee549292f5ba14ce4c235c
wheel x86_64 nvidia-cufile==1.17.1.22 manylinux_2_27_x86_64 1387670 87feaf8c3ad20d3d03a01933181801ff6892bace5c8f0b1e4b48f319d3e62d36
keep 'nvidia/*/lib/*.so*' '*.dist-info/*'
fetch
"$repository/setup/cuda.sh"
