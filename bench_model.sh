#!/usr/bin/env bash
# Measures a model on several inference engines; --help tells how.
exec "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/dnnbench" run "$@"
