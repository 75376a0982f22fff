#!/usr/bin/env bash
# build_with_engines.sh PRESET TARGET...: fetches every engine (install.sh; not what GPUs need,
# install_cuda.sh) and builds the targets.
# shellcheck source=setup/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=setup/packages.sh
source "$repository/setup/packages.sh"
# shellcheck source=setup/build.sh
source "$repository/setup/build.sh"

for install in "$repository"/engines/*/install.sh; do
  "$install"
done
"$repository/setup/onnx_proto.sh"
build "$@"
