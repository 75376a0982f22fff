"""Writes the seeds of corpus/: small valid files of every kind that is parsed. What a fuzzer finds is
added by hand, under a name that says what it is.

    setup/python_env.sh tests && PYTHONPATH=tests python tests/fuzz/make_corpus.py RESULT.json...
"""

import io
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

import tiny_models

CORPUS = Path(__file__).parent / "corpus"
NUMBERS = np.arange(6, dtype=np.float32).reshape(2, 3)


def with_branches() -> onnx.ModelProto:
    def branch(name: str, operator: str) -> onnx.GraphProto:
        node = helper.make_node(operator, ["x"], [name])
        return helper.make_graph([node], name, [], [tiny_models.tensor(name, [2, 3])])

    nodes = [
        helper.make_node("ReduceSum", ["x"], ["sum"], keepdims=0),
        helper.make_node("Cast", ["sum"], ["condition"], to=onnx.TensorProto.BOOL),
        helper.make_node(
            "If",
            ["condition"],
            ["y"],
            then_branch=branch("a", "Relu"),
            else_branch=branch("b", "Neg"),
        ),
    ]
    return tiny_models.model_of(
        nodes, [tiny_models.tensor("x", [2, 3])], [tiny_models.tensor("y", [2, 3])]
    )


def with_function() -> onnx.ModelProto:
    model = tiny_models.one_node("Relu")
    opset = [helper.make_opsetid("", 13)]
    nodes = [helper.make_node("Neg", ["a"], ["b"])]
    model.functions.append(helper.make_function("own", "Flip", ["a"], ["b"], nodes, opset))
    model.graph.node[0].CopyFrom(helper.make_node("Flip", ["x"], ["y"], domain="own"))
    model.opset_import.append(helper.make_opsetid("own", 1))
    return model


def with_external_weights() -> onnx.ModelProto:
    model = tiny_models.one_node("Relu")
    model.graph.node[0].CopyFrom(helper.make_node("Add", ["x", "w"], ["y"]))
    weight = model.graph.initializer.add(name="w", data_type=1, dims=[2, 3], data_location=1)
    for key, value in {"location": "weights", "offset": "8", "length": "24"}.items():
        weight.external_data.add(key=key, value=value)
    return model


def quantised() -> onnx.ModelProto:
    constants = [
        numpy_helper.from_array(np.float32(0.1), "scale"),
        numpy_helper.from_array(np.uint8(128), "zero"),
    ]
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "scale", "zero"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["y"]),
    ]
    inputs, outputs = [tiny_models.tensor("x", ["N", 3])], [tiny_models.tensor("y", ["N", 3])]
    return tiny_models.model_of(nodes, inputs, outputs, constants)


def models() -> dict[str, bytes]:
    made = {
        "convolution": tiny_models.convolution(batch="batch", size=2),
        "lookup": tiny_models.lookup(),
        "strings": tiny_models.strings(),
        "branches": with_branches(),
        "function": with_function(),
        "external-weights": with_external_weights(),
        "quantised": quantised(),
    }
    return {name: model.SerializeToString() for name, model in made.items()}


def arrays() -> dict[str, bytes]:
    def saved(array: np.ndarray, version: tuple[int, int] | None = None) -> bytes:
        file = io.BytesIO()
        np.lib.format.write_array(file, array, version=version, allow_pickle=False)
        return file.getvalue()

    return {
        "float32": saved(NUMBERS),
        "column-major": saved(np.asfortranarray(NUMBERS)),
        "big-endian": saved(NUMBERS.astype(">i2")),
        "complex-version-2": saved(NUMBERS.astype(np.complex64), (2, 0)),
        "bool-version-3": saved(NUMBERS > 2, (3, 0)),
        "scalar": saved(np.float64(7)),
        "bfloat16": saved(NUMBERS.astype(np.float16).view("V2")),
    }


def archives() -> dict[str, bytes]:
    file = io.BytesIO()
    np.savez(file, x=NUMBERS, y=NUMBERS > 2)
    return {"two": file.getvalue()}


def tensors() -> dict[str, bytes]:
    return {
        "raw": numpy_helper.from_array(NUMBERS, "x").SerializeToString(),
        "numbers": helper.make_tensor("x", 1, [2, 3], NUMBERS.flatten()).SerializeToString(),
        "strings": helper.make_tensor("x", 8, [2], [b"a", b"b"]).SerializeToString(),
        "sequence": numpy_helper.from_list([NUMBERS, NUMBERS], "x").SerializeToString(),
    }


def values() -> dict[str, bytes]:
    def file(description: list, data: bytes) -> bytes:
        return b"dnnbench values 1\n" + json.dumps(description).encode() + b"\n" + data

    def value(kind: int, *tensors: dict) -> dict:
        return {"name": "y", "kind": kind, "tensors": list(tensors)}

    numbers = {"type": 1, "shape": [2, 3], "bytes": 24}
    text = {"type": 8, "shape": [1], "bytes": 10}
    return {
        "tensor": file([value(0, numbers)], NUMBERS.tobytes()),
        "sequence": file([value(1, numbers, numbers)], NUMBERS.tobytes() * 2),
        "string": file([value(0, text)], (2).to_bytes(8, "little") + b"ab"),
        "nothing": file([], b""),
    }


def replies() -> dict[str, bytes]:
    placement = [{"device": "CPU", "nodes": 3}]
    in_force = {"precision": "f32", "threads": 2, "placement": placement, "settings": {"a": "b"}}
    counters = {"waited_s": 0, "cpu_s": 0.1, "involuntary_switches": 1}
    made = {
        "hello": {"version": "1.0", "imports": True, "compiles_ahead": False, "tunes": False},
        "loaded": {
            "load_s": 0.1,
            "convert_s": 0,
            "compile_s": None,
            "tune_s": 0.5,
            "in_force": in_force,
        },
        "slice": {"start_s": [1.1, 1.2], "duration_s": [0.05, 0.05], **counters},
        "served": {
            "request": [0, 2],
            "begin_s": [1.1, 1.4],
            "end_s": [1.2, 1.5],
            "late_s": [0, 0],
            "spun_s": 0.1,
            **counters,
        },
        "saved": {"saved": "/tmp/model.pt"},
    }
    lines = {name: {"ok": True, "peak_rss_bytes": 1000, **fields} for name, fields in made.items()}
    lines["refused"] = {"ok": False, "outcome": "failed", "reason": "why", "peak_rss_bytes": 1}
    return {name: json.dumps(line).encode() for name, line in lines.items()}


def prices() -> dict[str, bytes]:
    table = (Path(__file__).parents[2] / "catalogue" / "instances.csv").read_bytes()
    first = b"".join(table.splitlines(keepends=True)[:4])
    return {"instances": first, "own": b'instance,usd_per_hour,note\nmine,0.05,"a ""b"", c"\n'}


def write(target: str, files: dict[str, bytes]) -> None:
    (CORPUS / target).mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (CORPUS / target / name).write_bytes(data)


def main() -> None:
    write("onnx", models())
    write("npy", arrays())
    write("npz", archives())
    write("pb", tensors())
    write("values", values())
    write("reply", replies())
    write("catalogue", prices())
    (CORPUS / "result").mkdir(parents=True, exist_ok=True)
    for path in map(Path, sys.argv[1:]):
        shutil.copyfile(path, CORPUS / "result" / path.stem)


if __name__ == "__main__":
    main()
