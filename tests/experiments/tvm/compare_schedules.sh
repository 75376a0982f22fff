#!/usr/bin/env bash
# compare_schedules.sh RESULTS MODES MODEL...: measures each model on TVM against ONNX Runtime in the same run, in each of the
# MODES, such as none,own,tuned: with what TVM does by itself, with our schedules, and tuned for TUNE seconds (60). Compiles
# again, so that compile_s is there. BUDGET is seconds per engine and model (4). Where TVM takes more than LIMIT seconds (300) to
# compile or for an inference, that is printed. table.py prints the rows of docs/engines.md from RESULTS. Needs `make build`, and
# models that are in the cache, where any run of them puts them.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=$here/../../../build/release/bin/dnnbench
results=${1:?say where the results go}
modes=${2:?some of none,own,tuned}

# The cache without what was compiled before, which others may need.
usual=${XDG_CACHE_HOME:-$HOME/.cache}/dnn-bench
XDG_CACHE_HOME=$(mktemp -d)
export XDG_CACHE_HOME
trap 'rm -rf "$XDG_CACHE_HOME"' EXIT
mkdir "$XDG_CACHE_HOME/dnn-bench"
for folder in "$usual"/*; do
  [[ $folder == */compiled ]] || ln -s "$folder" "$XDG_CACHE_HOME/dnn-bench/"
done

for model in "${@:3}"; do
  for mode in ${modes//,/ }; do
    flags=(--onnxruntime --tvm --timeout="${LIMIT:-300}" --budget="${BUDGET:-4}" --output="$results/$mode")
    schedules=own
    case $mode in
      none) schedules=none flags+=(--warmup=0 --repeat=1) ;;
      tuned) flags+=(--tune-budget="${TUNE:-60}") ;;
    esac
    DNNBENCH_TVM_SCHEDULES=$schedules "$program" run "$usual/models/$model.onnx" "${flags[@]}" >&2 || true
  done
done
python3 "$here/table.py" "$results" "${@:3}"
