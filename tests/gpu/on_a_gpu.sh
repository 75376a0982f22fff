#!/usr/bin/env bash
# on_a_gpu.sh [FOLDER [MINUTES [ENGINE-FLAG...]]]: for a machine with an NVIDIA GPU. Measures resnet50,
# mobilenetv2 and bertsquad on every engine for GPUs, verified, in f32 and f16, beside bare loops, with
# the data on the host and on the GPU, and as CUDA graphs. Results are kept in FOLDER (./gpu-results),
# with the table, which goes to docs/measurements/, too. What does not fit into MINUTES (60) is left
# out, and the most important comes first.
#
# It needs what `make gpu` makes and the three models in the cache, and neither network nor compiler:
# a copied build folder and cache (XDG_CACHE_HOME) will do. The models have random weights.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
folder=${1:-$PWD/gpu-results}
end_s=$((SECONDS + 60 * ${2:-60}))
engines=("${@:3}")
((${#engines[@]} > 0)) || engines=(--ort-cuda --ort-tensorrt --tensorrt --pytorch)
models=(resnet50-v1-7 mobilenetv2-10 bertsquad-10)
programs=${DNNBENCH_BIN:-build/release/bin}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/dnn-bench
mkdir -p "$folder"

# Programs find libraries where they were built; in a copied cache they lie elsewhere.
for libraries in "$cache"/engines/{cuda/*/nvidia/*/lib,tensorrt/*,pytorch/*/torch/lib,pytorch/*/nvidia/*/lib,pytorch-cuda/*/torch/lib}; do
  [[ ! -d $libraries ]] || LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$libraries
done
export LD_LIBRARY_PATH

say() { printf '%s\n' "$*" >&2; }

say_what_is_missing() {
  local needed
  for needed in "$programs"/dnnbench{,-engine-onnxruntime,-engine-onnxruntime-gpu,-engine-tensorrt,-engine-pytorch} \
    "$programs"/dnnbench-bare-{ort-cuda,ort-tensorrt,tensorrt} "${models[@]/#/$cache/models/}" \
    "$cache"/engines/{onnxruntime,onnxruntime-gpu,cuda,tensorrt,pytorch,pytorch-cuda}; do
    [[ -e $needed || -e $needed.onnx ]] || say "missing, going on without it: $needed"
  done
}

# within SECONDS COMMAND...: in the time that is left, and at most so long. An interrupted dnnbench keeps
# what it knows.
within() {
  local seconds=$1 left=$((end_s - SECONDS))
  shift
  if ((left < 20)); then
    say "left out: $*"
    return
  fi
  ((seconds <= left)) || seconds=$left
  timeout --signal=INT --kill-after=15 "$seconds" "$@" || say "exit code $?: $*"
}

# Engines that can't do a setting end as unsupported, which is part of the result.
measure() {
  within 900 "$programs/dnnbench" run "$@" --device=gpu --budget=10 --timeout=600 "${engines[@]}"
  write_table
}

write_table() { python3 tests/gpu/table.py "$folder" >"$folder/table.md"; }

# A loop around each engine without turns, pauses or the protocol.
bare_loops() {
  local uuid loop
  uuid=$(grep --recursive --no-filename --only-matching '"uuid": *"[^"]*"' "$folder" | head -n 1 | cut -d '"' -f 4) || true
  for loop in "$programs"/dnnbench-bare-*; do
    [[ ! -x $loop ]] || within 300 "$loop" "$cache/models/$1.onnx" "$uuid" "$2" >>"$folder/bare.txt"
  done
  write_table
}

say_what_is_missing
for precision in f32 f16; do
  for model in "${models[@]}"; do
    measure "$model" --precision="$precision" --output="$folder/host"
    bare_loops "$model" "$precision"
  done
done
for precision in f32 f16; do
  for model in "${models[@]}"; do
    measure "$model" --precision="$precision" --io=device --output="$folder/device"
  done
done
for model in "${models[@]}"; do
  measure "$model" --cuda-graph --output="$folder/graph"
done
cp "$folder/table.md" "docs/measurements/$(date +%Y-%m-%d)-gpu.md"
say "The table is docs/measurements/$(date +%Y-%m-%d)-gpu.md"
