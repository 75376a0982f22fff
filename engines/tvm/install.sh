#!/usr/bin/env bash
# Fetches TVM's runtime library with the headers of its C++ interface, and makes the Python environment
# of its compiler, which a measured process never enters.
# shellcheck source=setup/fetch.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../setup/fetch.sh"

into engines/tvm/0.27.0.post1
wheel x86_64 apache-tvm==0.27.0.post1 manylinux_2_28_x86_64 100544100 f503fc903b6e16fda5daacac6698ecb8bc38937f57da7aa29f6c7ab169d08657
wheel aarch64 apache-tvm==0.27.0.post1 manylinux_2_28_aarch64 94643021 4acfdb7653e4e1ba7a707bdf2833db72eb8fda7d04d99141f2a4e1da43171fb7
keep 'tvm/lib/libtvm_runtime.so' 'tvm/lib/libtvm_runtime_extra.so' 'apache_tvm-*/licenses/*'
wheel x86_64 apache-tvm-ffi==0.1.14.post1 manylinux_2_28_x86_64 3251763 eb759c039866b541ec2cb07d498082f8ba6ded74d58d9196180a5932f365c077
wheel aarch64 apache-tvm-ffi==0.1.14.post1 manylinux_2_28_aarch64 3051062 3fd2255a2e363a40c51ec1eeedb1110a2c74e443f95ae351ee5a81b5ff6808cf
keep 'tvm_ffi/lib/libtvm_ffi.so' 'tvm_ffi/include/tvm/ffi/*' 'tvm_ffi/include/dlpack/*' 'apache_tvm_ffi-*/licenses/*'
fetch
"$repository/setup/python_env.sh" tvm >/dev/null
