#!/usr/bin/env bash
# on_a_gpu.sh [FOLDER]: for a machine with an NVIDIA GPU. Measures resnet50, mobilenetv2 and bertsquad on
# every engine for GPUs, in f32 and f16, with the data on the host and on the GPU, beside bare loops;
# keeps the results in FOLDER (./gpu-results) and writes the dated table to docs/measurements/. About
# half an hour, and TensorRT builds plans besides. The models have random weights.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
folder=${1:-$PWD/gpu-results}
engines=(--ort-cuda --ort-tensorrt --tensorrt --pytorch)
models=(resnet50-v1-7 mobilenetv2-10 bertsquad-10)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/dnn-bench

# Engines that can't do a setting end as unsupported, which is part of the result.
run() { ./dnnbench run "$@" --device=gpu "${engines[@]}" --timeout=1800 || (($? == 1)); }

for model in "${models[@]}"; do
  for precision in f32 f16; do
    run "$model" --precision="$precision" --output="$folder/host"
    run "$model" --precision="$precision" --io=device --output="$folder/device"
  done
  run "$model" --cuda-graph --output="$folder/graph"
done

# A loop of our own around each engine, without turns, pauses or the protocol.
setup/build_with_engines.sh release dnnbench-bare-loops
uuid=$(nvidia-smi --query-gpu=uuid --format=csv,noheader | head -n 1)
for model in "${models[@]}"; do
  for loop in build/release/bin/dnnbench-bare-*; do
    "$loop" "$cache/models/$model.onnx" "$uuid" || true
  done
done | tee "$folder/bare.txt"

python3 tests/gpu/table.py "$folder" >"docs/measurements/$(date +%Y-%m-%d)-gpu.md"
echo "The table is docs/measurements/$(date +%Y-%m-%d)-gpu.md" >&2
