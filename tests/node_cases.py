"""Many small models on the importing engines at once: each becomes a folder as those of ONNX's node
tests, with ONNX Runtime's outputs as the expected ones, and dnnbench-conformance runs them all in
one process per engine."""

import json
import re
import subprocess
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

ENGINES = ("pytorch", "tensorflow")
LIMIT_S = 900
TOLERANCE = 1e-5  # as strict as dnnbench's own verdict on f32 models that amplify no rounding
ROUNDING = "by less than the tolerance times the tensor's largest"  # the tool's words for that


def random_inputs(model: onnx.ModelProto, seed: int = 0) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    made = {}
    for value in model.graph.input:
        kind = onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
        shape = [dimension.dim_value for dimension in value.type.tensor_type.shape.dim]
        if np.issubdtype(kind, np.floating):
            made[value.name] = generator.standard_normal(shape).astype(kind)
        elif kind == np.bool_:
            made[value.name] = generator.random(shape) < 0.5
        else:
            made[value.name] = generator.integers(0, 100, shape).astype(kind)
    return made


def expected_outputs(model: onnx.ModelProto, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    """ONNX Runtime's, node by node: without its own fusions."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return session.run(None, inputs)


def write_case(
    folder: Path, model: onnx.ModelProto, inputs: dict[str, np.ndarray], reference: onnx.ModelProto
) -> None:
    outputs = expected_outputs(reference, inputs)
    for value, array in zip(model.graph.output, outputs, strict=True):
        kind = onnx.helper.np_dtype_to_tensor_dtype(np.asarray(array).dtype)
        value.type.tensor_type.elem_type = kind
    data = folder / "test_data_set_0"
    data.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    for kind, arrays in (("input", inputs.values()), ("output", outputs)):
        for i, array in enumerate(arrays):
            proto = numpy_helper.from_array(np.asarray(array))
            (data / f"{kind}_{i}.pb").write_bytes(proto.SerializeToString())


def run_cases(
    programs: Path,
    folder: Path,
    models: dict,
    inputs: dict | None = None,
    references: dict | None = None,
) -> dict:
    """{engine: {name: reason}} of the models that did not end as ONNX Runtime's outputs say; where
    an engine says that it lacks something, the reason begins with "unsupported". `inputs` of a
    name, where they are not to be random; of `references` another model that computes the same,
    where ONNX Runtime can't run it."""
    slugs = {
        f"test_{i}_{re.sub('[^A-Za-z0-9]+', '_', name)[:80]}": name for i, name in enumerate(models)
    }
    for slug, name in slugs.items():
        given = (inputs or {}).get(name) or random_inputs(models[name])
        reference = (references or {}).get(name, models[name])
        write_case(folder / "cases" / slug, models[name], given, reference)
    built = [one for one in ENGINES if (programs / f"dnnbench-engine-{one}").exists()]
    report = folder / "report.json"
    command = [programs / "dnnbench-conformance", folder / "cases", f"--json={report}"]
    command.append(f"--tolerance={TOLERANCE}")
    done = subprocess.run(
        [*map(str, command), *(f"--engine={engine}" for engine in built)],
        capture_output=True,
        encoding="utf-8",
        timeout=LIMIT_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    sweeps = json.loads(report.read_text(encoding="utf-8"))
    return {
        engine: {
            slugs[slug.removesuffix(":constants")] + (" (constants)" if ":" in slug else ""): (
                f"{outcome['outcome']}: {outcome['reason']}"
            )
            for slug, outcome in sweep.items()
            if outcome["outcome"] != "ok" and ROUNDING not in outcome["reason"]
        }
        for engine, sweep in sweeps.items()
    }
