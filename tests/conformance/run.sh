#!/usr/bin/env bash
# run.sh [OPTION...]: fetches the ONNX node tests where they are missing, runs them on the engines that are built and
# reports what ends otherwise than known_failures.txt says. `--accept` rewrites that file; `--sample=N --seed=S` runs
# some of the tests only. DNNBENCH_BIN is the folder of the built programs.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cases=$("$here/../../setup/conformance.sh")
exec "${DNNBENCH_BIN:-$here/../../build/release/bin}/dnnbench-conformance" "$cases" \
  --known="$here/known_failures.txt" "$@"
