#!/usr/bin/env bash
# cuda.sh: fetches the libraries of CUDA 13.2 that engines need on a GPU, unless the machine has all of
# them as new as these; the NVIDIA driver (580 or newer) is the machine's own.
# shellcheck source=setup/fetch.sh
source "$(dirname "${BASH_SOURCE[0]}")/fetch.sh"

machine_has_them() {
  local library
  for library in libcublas.so.13 libcublasLt.so.13 libcufft.so.12 libcurand.so.10 libnvrtc.so.13 libnvJitLink.so.13; do
    is_on_machine "$library" || return 1
  done
  is_on_machine libcudart.so.13 13.2 && is_on_machine libcudnn.so.9 9.26
}

into engines/cuda/13.2.2
wheel x86_64 nvidia-cuda-runtime==13.2.86 manylinux2014_x86_64 2323576 3498247680dfddce31bad102af7e3e26fc795342a3cac64722bb0fa95e7f60f0
wheel x86_64 nvidia-cublas==13.4.1.3 manylinux_2_27_x86_64 404870805 a5917cb642cfb07f4a0231ee16aec7e2e0357d8cb8b1b78a0c9c68dba3e6afc7
wheel x86_64 nvidia-cufft==12.2.0.57 manylinux2014_x86_64 218258101 34da27fadf3979b0b042c43823f0530be8408b86df31ee0108e1ca0b621d4ef6
wheel x86_64 nvidia-curand==10.4.0.35 manylinux_2_27_x86_64 59544258 1aee33a5da6e1db083fe2b90082def8915f30f3248d5896bcec36a579d941bfc
wheel x86_64 nvidia-cuda-nvrtc==13.2.86 manylinux2010_x86_64 47018468 8111c5130e967b78222ea2124145f8efe9ce201b752b2579a2513100a53be1c5
wheel x86_64 nvidia-nvjitlink==13.5.37 manylinux2010_x86_64 46642491 280d7cb9649704145f074b8dbde500de04ce02d0872e066e20a83c17bcaa93eb
wheel x86_64 nvidia-cudnn-cu13==9.26.0.51 manylinux_2_27_x86_64 519150073 9c976d539786698c71d6bcdbe2053b7485fae062ff7e1215d2f2ff67b1a2149a
keep 'nvidia/*/lib/*.so*' '*.dist-info/*'
if machine_has_them; then
  say "Using the CUDA and cuDNN that this machine has"
else
  fetch
fi
