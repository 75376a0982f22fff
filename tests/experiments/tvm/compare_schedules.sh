#!/usr/bin/env bash
# compare_schedules.sh RESULTS own|none MODEL...: measures each model on TVM with our schedules (own) or with what it does
# by itself (none), against ONNX Runtime in the same run, and prints the rows of docs/engines.md's table. Compiles anew, so
# that compile_s is there. BUDGET is seconds an engine and model (5).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
results=${1:?say where the results go}
schedules=${2:?own or none}
rm -rf "${XDG_CACHE_HOME:-$HOME/.cache}/dnn-bench/tvm"
for model in "${@:3}"; do
  DNNBENCH_TVM_SCHEDULES=$schedules "$here/../../../bench_model.sh" "$model" --onnxruntime --tvm --timeout=1000 \
    --budget="${BUDGET:-5}" --output="$results/$schedules" >&2 || true
done
python3 "$here/table.py" "$results/$schedules" "${@:3}"
