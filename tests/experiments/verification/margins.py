#!/usr/bin/env python3
"""margins.py BIN [MODEL ...]: how far apart right and wrong lie, as the table of docs/verifying.md.

BIN is where the programs were built, with `verification-margins` among them
(cmake --build --preset release --target verification-margins). The eight models must be in the
cache. Needs onnx and numpy (setup/python_env.sh models). Raw results go to margins.jsonl in the
current folder. Takes some ten minutes on two cores.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

MODELS = [
    "bertsquad-10",
    "efficientnet-lite4-11",
    "mobilenetv2-10",
    "mosaic-9",
    "resnet50-v1-7",
    "shufflenet-v2-10",
    "super-resolution-10",
    "yolov4",
]


def to_bf16(values: np.ndarray) -> np.ndarray:
    bits = np.atleast_1d(values).view(np.uint32)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)
    return rounded.view(np.float32).reshape(values.shape)


def to_f16(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float16).astype(np.float32)


def round_weights(model: onnx.ModelProto, rounding) -> bool:
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT:
            rounded = rounding(numpy_helper.to_array(tensor).copy())
            tensor.CopyFrom(numpy_helper.from_array(rounded, tensor.name))
    return True


def set_epsilon(model: onnx.ModelProto) -> bool:
    """1e-3 where a normalisation says or means 1e-5: a converter that takes its own default."""
    found = False
    for node in model.graph.node:
        if node.op_type in ("BatchNormalization", "InstanceNormalization"):
            kept = [attribute for attribute in node.attribute if attribute.name != "epsilon"]
            del node.attribute[:]
            node.attribute.extend([*kept, onnx.helper.make_attribute("epsilon", 1e-3)])
            found = True
    return found


def swap_resize_mode(model: onnx.ModelProto) -> bool:
    found = False
    for node in model.graph.node:
        for attribute in node.attribute:
            if node.op_type in ("Resize", "Upsample") and attribute.name == "mode":
                attribute.s = b"linear" if attribute.s == b"nearest" else b"nearest"
                found = True
    return found


def nudge_one_weight(model: onnx.ModelProto) -> bool:
    """One weight 1 off, in the largest tensor that is multiplied with."""
    multiplied = {
        name
        for node in model.graph.node
        if node.op_type in ("Conv", "Gemm", "MatMul")
        for name in node.input
    }
    tensor = max(
        (tensor for tensor in model.graph.initializer if tensor.name in multiplied),
        key=lambda tensor: len(tensor.raw_data),
    )
    weights = numpy_helper.to_array(tensor).copy()
    weights.flat[weights.size // 2] += 1
    tensor.CopyFrom(numpy_helper.from_array(weights, tensor.name))
    return True


FAULTS = {
    "weights in f16": lambda model: round_weights(model, to_f16),
    "weights in bf16": lambda model: round_weights(model, to_bf16),
    "epsilon 1e-3": set_epsilon,
    "other resize mode": swap_resize_mode,
    "one weight 1 off": nudge_one_weight,
}


def measure(program: Path, model_path: Path) -> list[dict]:
    with tempfile.TemporaryDirectory() as folder:
        arguments = []
        for number, (name, inject) in enumerate(FAULTS.items()):
            model = onnx.load(model_path)
            if inject(model):
                path = Path(folder) / f"{number}.onnx"
                onnx.save(model, path)
                arguments.append(f"{name}={path}")
        lines = subprocess.run(
            [program, model_path, *arguments], check=True, stdout=subprocess.PIPE, text=True
        ).stdout
    return [json.loads(line) for line in lines.splitlines()]


def norm_strain(row: dict) -> float:
    return row["norm"] / row["norm_allowed"]


def element_strain(row: dict) -> float:
    return row["element"] / row["element_allowed"]


def least_visible(rows: list[dict]) -> dict:
    """The fault and input that strains its most strained output least."""
    runs = {}
    for row in rows:
        runs.setdefault((row["run"], row["seed"]), []).append(row)
    return min((max(outputs, key=norm_strain) for outputs in runs.values()), key=norm_strain)


def describe(name: str, rows: list[dict]) -> list[str]:
    """The model's lines in the tables of f32 and of bf16."""
    f32 = [row for row in rows if row["class"] == "f32"]
    right = [row for row in f32 if row["legitimate"]]
    farthest = max(right, key=norm_strain)
    # A single element is its own column; rounded outputs are recognised by their bits, not their errors.
    faults = [
        row
        for row in f32
        if not row["legitimate"] and "one element" not in row["run"] and "rounded" not in row["run"]
    ]
    nearest = least_visible(faults)
    detected = max(row["smallest_detected"] for row in right)
    in_bf16 = [row for row in rows if row["class"] == "bf16"]
    openvino = [row for row in in_bf16 if row["run"] == "OpenVINO bf16"]
    bf16 = max(openvino, key=norm_strain)
    nonsense = least_visible([row for row in in_bf16 if not row["legitimate"]])
    return [
        f"| {name} | {farthest['sensitivity']:.1e} | {farthest['norm']:.1e} ({farthest['run']})"
        f" | {farthest['norm_allowed']:.1e} | {1 / norm_strain(farthest):.1f}"
        f" | {nearest['norm']:.1e} ({nearest['run']}) | {norm_strain(nearest):.1f}"
        f" | {1 / max(map(element_strain, right)):.1f} | {detected:.0e} |",
        f"| {name} | {bf16['norm']:.1e} | {max(row['element'] for row in openvino):.1e}"
        f" | {bf16['norm_allowed']:.1e} | {1 / norm_strain(bf16):.1f} | {bf16['verdict']}"
        f" | {nonsense['norm']:.1e} ({nonsense['run']}) | {nonsense['verdict']} |",
    ]


def surprises(name: str, rows: list[dict]) -> list[str]:
    """What was not judged as it should be."""
    sentences = [
        f"{name}, inputs {row['seed']}, {row['run']} as {row['class']}: {row['verdict']}."
        f" {row['reason']}"
        for row in rows
        if row["verdict"] != ("ok" if row["legitimate"] else "wrong")
    ]
    return list(dict.fromkeys(sentences))  # once for all outputs


F32_COLUMNS = [
    "model",
    "sensitivity",
    "largest right error",
    "allowed",
    "times below",
    "smallest wrong error",
    "times above",
    "right elements: times below",
    "one element",
]
BF16_COLUMNS = [
    "model",
    "OpenVINO in bf16",
    "largest element",
    "allowed",
    "times below",
    "verdict",
    "least nonsense",
    "verdict",
]


def print_table(columns: list[str], lines: list[str]) -> None:
    print(f"| {' | '.join(columns)} |")
    print("|" + "---|" * len(columns))
    print("\n".join(lines) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bin", type=Path)
    parser.add_argument("models", nargs="*", default=MODELS)
    arguments = parser.parse_args()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dnn-bench"
    tables, odd = [], []
    with Path("margins.jsonl").open("w") as raw:
        for name in arguments.models:
            print(f"measuring {name}", file=sys.stderr)
            rows = measure(
                arguments.bin / "verification-margins", cache / "models" / f"{name}.onnx"
            )
            for row in rows:
                raw.write(json.dumps({"model": name, **row}) + "\n")
            tables.append(describe(name, rows))
            odd += surprises(name, rows)
    print_table(F32_COLUMNS, [table[0] for table in tables])
    print_table(BF16_COLUMNS, [table[1] for table in tables])
    print("\n".join(odd) or "Everything was judged as it should be.")


if __name__ == "__main__":
    main()
