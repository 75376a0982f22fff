#!/usr/bin/env bash
# Measures a model on several inference engines; see --help.
exec "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/dnnbench" run "$@"
