#!/usr/bin/env python3
"""Runs the ONNX node tests through the engines' own Python packages and compares with the adapters.

usage: compare_with_python.py CASES RESULTS.json

CASES is the folder of unpacked node tests, RESULTS.json what `dnnbench-conformance --json=RESULTS.json` wrote. Prints,
for each engine, how many tests the package and the adapter pass and every test on which they differ; exits with 1 if
the adapter fails one that the package passes. Needs: onnx==1.19.1 onnxruntime==1.31.1 openvino==2026.4.1 numpy.
"""

import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

RELATIVE_TOLERANCE = 1e-3  # onnx.backend.test.loader's defaults
ABSOLUTE_TOLERANCE = 1e-7


def read_value(path: Path, type_proto):
    """A TensorProto, a list of them for a sequence, or None for an empty optional."""
    kind = type_proto.WhichOneof("value")
    data = path.read_bytes()
    if kind == "tensor_type":
        return TensorProto.FromString(data)
    if kind == "sequence_type":
        return list(onnx.SequenceProto.FromString(data).tensor_values)
    optional = onnx.OptionalProto.FromString(data)
    if optional.elem_type == onnx.OptionalProto.TENSOR:
        return optional.tensor_value
    if optional.elem_type == onnx.OptionalProto.SEQUENCE:
        return list(optional.sequence_value.tensor_values)
    return None


def raw_bytes(tensor: TensorProto) -> np.ndarray:
    raw = numpy_helper.from_array(numpy_helper.to_array(tensor)).raw_data
    return np.frombuffer(raw, np.uint8).copy()


def tensor_of(element_type: int, shape, raw: bytes) -> TensorProto:
    return TensorProto(data_type=element_type, dims=list(shape), raw_data=raw)


def byte_count(element_type: int, shape) -> int:
    return len(
        raw_bytes(
            numpy_helper.from_array(
                np.zeros(shape, onnx.helper.tensor_dtype_to_np_dtype(element_type))
            )
        )
    )


def difference(actual, expected) -> str:
    """Empty when equal by the rules of onnx.backend.test.runner."""
    if (actual is None) != (expected is None):
        return "an empty optional on one side only"
    if expected is None:
        return ""
    if isinstance(expected, list):
        if not isinstance(actual, list) or len(actual) != len(expected):
            return "sequence lengths differ"
        return next(filter(None, map(difference, actual, expected)), "")
    if actual.data_type != expected.data_type:
        return f"element type {actual.data_type} instead of {expected.data_type}"
    if list(actual.dims) != list(expected.dims):
        return f"shape {list(actual.dims)} instead of {list(expected.dims)}"
    ours, theirs = numpy_helper.to_array(actual), numpy_helper.to_array(expected)
    if expected.data_type == TensorProto.STRING:
        return "" if (ours.astype(str) == theirs.astype(str)).all() else "strings differ"
    wide = np.complex128 if np.iscomplexobj(theirs) else np.float64
    close = np.isclose(
        ours.astype(wide),
        theirs.astype(wide),
        RELATIVE_TOLERANCE,
        ABSOLUTE_TOLERANCE,
        equal_nan=True,
    )
    return "" if close.all() else f"{np.size(close) - np.count_nonzero(close)} elements differ"


class OnnxRuntime:
    def __init__(self):
        import onnxruntime

        self.ort = onnxruntime
        self.options = onnxruntime.SessionOptions()
        self.options.intra_op_num_threads = 1
        self.options.log_severity_level = 4

    def to_ort(self, tensor):
        value = self.ort.OrtValue.ortvalue_from_shape_and_type(tuple(tensor.dims), tensor.data_type)
        raw = raw_bytes(tensor)
        ctypes.memmove(value.data_ptr(), raw.ctypes.data, len(raw))
        return value

    def from_ort(self, value):
        element_type, shape = value.element_type(), value.shape()
        return tensor_of(
            element_type, shape, ctypes.string_at(value.data_ptr(), byte_count(element_type, shape))
        )

    def to_array(self, value):
        if isinstance(value, list):
            return [self.to_array(tensor) for tensor in value]
        if value is None:
            return None
        array = numpy_helper.to_array(value)
        return array.astype(str).astype(object) if value.data_type == TensorProto.STRING else array

    def from_array(self, output):
        if isinstance(output, list):
            return [self.from_array(item) for item in output]
        return None if output is None else numpy_helper.from_array(np.asarray(output))

    def run(self, model_path, inputs):
        session = self.ort.InferenceSession(
            model_path, self.options, providers=["CPUExecutionProvider"]
        )
        ports = session.get_inputs() + session.get_outputs()
        # numpy lacks some of the element types, the package's own values lack strings and sequences.
        if all(port.type.startswith("tensor(") and port.type != "tensor(string)" for port in ports):
            feeds = {name: self.to_ort(value) for name, value in inputs.items()}
            return [self.from_ort(value) for value in session.run_with_ort_values(None, feeds)]
        arrays = {name: self.to_array(value) for name, value in inputs.items()}
        return [self.from_array(output) for output in session.run(None, arrays)]


class OpenVino:
    def __init__(self):
        import openvino

        self.ov = openvino
        self.core = openvino.Core()
        t, o = openvino.Type, TensorProto
        self.types = {
            o.FLOAT: t.f32, o.UINT8: t.u8, o.INT8: t.i8, o.UINT16: t.u16, o.INT16: t.i16, o.INT32: t.i32,
            o.INT64: t.i64, o.STRING: t.string, o.BOOL: t.boolean, o.FLOAT16: t.f16, o.DOUBLE: t.f64,
            o.UINT32: t.u32, o.UINT64: t.u64, o.BFLOAT16: t.bf16, o.FLOAT8E4M3FN: t.f8e4m3,
            o.FLOAT8E5M2: t.f8e5m2, o.UINT4: t.u4, o.INT4: t.i4, o.FLOAT4E2M1: t.f4e2m1, o.FLOAT8E8M0: t.f8e8m0,
        }  # fmt: skip

    def to_ov(self, value):
        if value.data_type == TensorProto.STRING:
            return self.ov.Tensor(numpy_helper.to_array(value).astype(str))
        raw = raw_bytes(value)
        self.shared.append(raw)  # the tensor uses this memory and does not keep it
        return self.ov.Tensor(raw, self.ov.Shape(list(value.dims)), self.types[value.data_type])

    def from_ov(self, tensor):
        shape = list(tensor.shape)
        if tensor.element_type == self.ov.Type.string:
            return numpy_helper.from_array(
                np.asarray(tensor.str_data).astype(object).reshape(shape)
            )
        element_type = next(o for o, t in self.types.items() if t == tensor.element_type)
        return tensor_of(element_type, shape, tensor.data.tobytes())

    def value_of(self, port, inputs):
        named = [value for name, value in inputs.items() if name in port.names]
        # The package joins an input with the output where nothing lies between, under the output's name.
        return (named or list(inputs.values()))[0]

    def run(self, model_path, inputs):
        self.shared = []
        settings = {
            "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": 1,
            "PERFORMANCE_HINT": "LATENCY",
        }
        model = self.core.read_model(model_path)
        shapes = {}
        for port in model.inputs:
            if port.partial_shape.is_dynamic:
                shapes[port] = self.ov.PartialShape(list(self.value_of(port, inputs).dims))
        if shapes:
            model.reshape(shapes)
        compiled = self.core.compile_model(model, "CPU", settings)
        request = compiled.create_infer_request()
        for port in compiled.inputs:
            request.set_tensor(port, self.to_ov(self.value_of(port, inputs)))
        request.infer()
        return [self.from_ov(request.get_tensor(port)) for port in compiled.outputs]


PACKAGES = {"onnxruntime": OnnxRuntime, "openvino": OpenVino}


def run_case(package, case: Path) -> str:
    """Empty when every data set of the case passes, otherwise why not."""
    model = onnx.load(case / "model.onnx", load_external_data=False)
    constants = {initializer.name for initializer in model.graph.initializer}
    takes = [port for port in model.graph.input if port.name not in constants]
    for data_set in sorted(case.glob("test_data_set_*")):
        inputs = {
            port.name: read_value(data_set / f"input_{i}.pb", port.type)
            for i, port in enumerate(takes)
        }
        expected = [
            read_value(data_set / f"output_{i}.pb", port.type)
            for i, port in enumerate(model.graph.output)
        ]
        actual = package.run(str(case / "model.onnx"), inputs)
        if why := difference(actual, expected):
            return why
    return ""


def serve(engine: str) -> None:
    """Child side: reads a case's folder a line, answers with JSON a line."""
    package = PACKAGES[engine]()
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # libraries print
    for line in sys.stdin:
        try:
            why = run_case(package, Path(line.strip()))
        except Exception as error:  # whatever the library raises is the answer
            why = f"{type(error).__name__}: {' '.join(str(error).split())}"
        print(json.dumps(why), file=answers)


def run_all(engine: str, cases: list[Path]) -> dict[str, str]:
    """Name to why it failed, in a child process that is restarted when the library ends it."""
    results, child = {}, None
    for case in cases:
        if child is None:
            child = subprocess.Popen(
                [sys.executable, __file__, "--serve", engine],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env=os.environ | {"ORT_DISABLE_TELEMETRY": "1"},
            )
        child.stdin.write(f"{case}\n")
        child.stdin.flush()
        answer = child.stdout.readline()
        if not answer:
            child, answer = None, json.dumps(f"crashed ({child.wait()})")
        results[case.name] = json.loads(answer)
    return results


def main() -> int:
    if sys.argv[1:2] == ["--serve"]:
        serve(sys.argv[2])
        return 0
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    cases = sorted(path.parent for path in Path(sys.argv[1]).glob("*/model.onnx"))
    adapters = json.loads(Path(sys.argv[2]).read_text())
    lost = 0
    for engine, adapter in adapters.items():
        package = run_all(engine, cases)
        reasons = {
            name: result["reason"] for name, result in adapter.items() if result["outcome"] != "ok"
        }
        print(
            f"{engine}: the package passes {sum(not why for why in package.values())} of {len(cases)}, ",
            end="",
        )
        print(f"the adapter {sum(result['outcome'] == 'ok' for result in adapter.values())}")
        for name, why in package.items():
            if bool(why) != (name in reasons):
                lost += not why
                print(
                    f"  {name}\n    package: {why or 'ok'}\n    adapter: {reasons.get(name, 'ok')}"
                )
    return int(lost > 0)


if __name__ == "__main__":
    sys.exit(main())
