#!/usr/bin/env bash
# Fetches PyTorch's C++ library, libtorch: its libraries and headers out of the Python packages. They are built for CUDA
# and want two small libraries of it beside them, though no GPU.
# shellcheck source=setup/fetch.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../setup/fetch.sh"

into engines/pytorch/2.15.0
wheel x86_64 torch==2.15.0 manylinux_2_28_x86_64 539172785 6d8c86f4e33a9f12a58149bd9b0d64351632b8eb44479be8ff85e5389932dd79
wheel aarch64 torch==2.15.0 manylinux_2_28_aarch64 483664949 9e51cf9460c5441dcd2a4f31ece207e35ea7c3d2535be0f929cca4944e2eeb18
keep 'torch/lib/libtorch_cpu.so' 'torch/lib/libc10.so' 'torch/lib/libgomp.so.1' 'torch/include/*' 'torch-*/licenses/*'
if [[ $architecture == aarch64 ]]; then
  keep 'torch/lib/libarm_compute*.so' 'torch/lib/libnvpl_*' 'torch/lib/libgfortran.so.5'
fi
wheel x86_64 nvidia-cuda-cupti==13.2.86 manylinux_2_25_x86_64 11988600 8fa29f15dd8336181f961764d9d95236fc6b931dd0c8fcf8cd70aab0c310b586
wheel aarch64 nvidia-cuda-cupti==13.2.86 manylinux_2_25_aarch64 11760263 d9a5c133f73fcb9013f3ada0da6fb54d4117618d81f3f5a0419417ea6ee829d4
keep 'nvidia/cu13/lib/libcupti.so.13' 'nvidia_cuda_cupti-*/licenses/*'
wheel x86_64 nvidia-cuda-runtime==13.2.86 manylinux2014_x86_64 2323576 3498247680dfddce31bad102af7e3e26fc795342a3cac64722bb0fa95e7f60f0
wheel aarch64 nvidia-cuda-runtime==13.2.86 manylinux2014_aarch64 2341433 37844957894bfdecf90243568d21a2cb251b66106915b71459a23c8e6ef2da69
keep 'nvidia/cu13/lib/libcudart.so.13' 'nvidia_cuda_runtime-*/licenses/*'
fetch
