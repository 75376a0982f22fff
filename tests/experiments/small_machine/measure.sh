#!/usr/bin/env bash
# measure.sh PROGRAM OUTPUT MODEL...: measures each model on all engines in a control group with one CPU and
# 2 GiB of memory, as a c6g.medium has, and prints a table. Nothing is compiled beforehand. Needs root.
set -euo pipefail
program=$1 output=$2
shift 2
limit_bytes=$((2 << 30))
name=dnnbench-small-machine-$$

# The controllers' folders: one each in cgroup v1, the same for both in v2.
if [[ -d /sys/fs/cgroup/memory ]]; then
  folders=("/sys/fs/cgroup/memory/$name" "/sys/fs/cgroup/cpu/$name")
  mkdir "${folders[@]}"
  echo "$limit_bytes" >"${folders[0]}/memory.limit_in_bytes"
  echo 100000 >"${folders[1]}/cpu.cfs_period_us"
  echo 100000 >"${folders[1]}/cpu.cfs_quota_us"
else
  folders=("/sys/fs/cgroup/$name")
  mkdir "${folders[@]}"
  echo "$limit_bytes" >"${folders[0]}/memory.max"
  echo 0 >"${folders[0]}/memory.swap.max" || true
  echo '100000 100000' >"${folders[0]}/cpu.max"
fi
cache=${XDG_CACHE_HOME:-$HOME/.cache}/dnn-bench
XDG_CACHE_HOME=$(mktemp -d)
export XDG_CACHE_HOME
trap 'rmdir "${folders[@]}"; rm -rf "$XDG_CACHE_HOME"' EXIT
mkdir "$XDG_CACHE_HOME/dnn-bench"
for part in "$cache"/{engines,models,onnx,python}; do ln -s "$part" "$XDG_CACHE_HOME/dnn-bench/"; done

for model in "$@"; do
  (
    for folder in "${folders[@]}"; do echo "$BASHPID" >"$folder/cgroup.procs"; done
    exec "$program" run "$model" --onnxruntime --openvino --pytorch --tf --tvm --repeat=5 --warmup=1 --output="$output"
  ) || true # an engine that is not ok is shown in the table
done
python3 "$(dirname "$0")/table.py" "$output"
