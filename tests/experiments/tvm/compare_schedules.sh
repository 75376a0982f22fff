#!/usr/bin/env bash
# compare_schedules.sh: the table of docs/engines.md: each of the eight models on TVM as it is by itself and with our
# schedules, against ONNX Runtime in the same run. Compiles everything anew. BUDGET is seconds an engine and model (5).
set -euo pipefail
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
models=(resnet50-v1-7 mobilenetv2-10 shufflenet-v2-10 efficientnet-lite4-11 super-resolution-10 mosaic-9 bertsquad-10 yolov4)
rm -rf "${XDG_CACHE_HOME:-$HOME/.cache}/dnn-bench/tvm"
for schedules in none own; do
  for model in "${models[@]}"; do
    DNNBENCH_TVM_SCHEDULES=$schedules "$repository/bench_model.sh" "$model" --onnxruntime --tvm --timeout=1000 \
      --budget="${BUDGET:-5}" --output="$results/$schedules" >&2 || true
  done
done
python3 "$(dirname "${BASH_SOURCE[0]}")/table.py" "$results" "${models[@]}"
