#!/usr/bin/env bash
# package.sh: builds the .deb and the Python wheel in build/package, and checks that they need no
# newer C and C++ library than the oldest supported system has.
# shellcheck source=setup/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Ubuntu 22.04's.
oldest=(GLIBC_2.35 GLIBCXX_3.4.30 CXXABI_1.3.13)
packages=$repository/build/package

# check_symbols FILE...: ends the script where they need more than the oldest system has.
check_symbols() {
  local version needed newer=()
  for version in "${oldest[@]}"; do
    needed=$({ echo "$version" && objdump --dynamic-syms "$@" | grep -oE "\b${version%_*}_[0-9.]+"; } | sort -V | tail -n 1)
    [[ $needed == "$version" ]] || newer+=("$needed")
  done
  ((${#newer[@]} == 0)) ||
    fail "these programs need ${newer[*]}, which Ubuntu 22.04 lacks; build the package on Debian 12 or Ubuntu 22.04"
}

cd "$repository"
setup/build_with_engines.sh release dnnbench
rm -rf "$packages"
python=$(setup/python_env.sh package)
# It configures the folder of the build again, where nobody else may build meanwhile.
PATH=$(dirname "$python"):$PATH with_lock "build${repository//\//-}-build-release" \
  python -m pip wheel --quiet --disable-pip-version-check --no-build-isolation --no-deps --wheel-dir "$packages" .
unpacked=$packages/unpacked
python3 setup/unpack_wheel.py "$packages"/*.whl "$unpacked" '*/programs/*'
mapfile -t programs < <(find "$unpacked" -type f -path '*/programs/*' ! -path '*/licences/*')
check_symbols "${programs[@]}"
rm -rf "$unpacked"
"$python" -m wheel tags --remove --platform-tag "manylinux_2_35_$(uname -m)" "$packages"/*.whl >/dev/null
(cd build/release && cpack >"$packages/cpack.log") || fail "cpack failed; its log is $packages/cpack.log"
rm -rf "$packages"/_CPack_Packages "$packages/cpack.log"
ls -l "$packages" >&2
