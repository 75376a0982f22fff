"""Makes every model and holds it against what the ONNX Model Zoo publishes about its own file."""

import collections
import hashlib
import json
import math
import shutil
from types import SimpleNamespace

import numpy as np
import onnx
import pytest

import architectures
import make_models
from seeded_weights import SeededTensor

EXPECTED = {
    "bertsquad-10": SimpleNamespace(
        opset=10,
        fp32_elements=108_893_186,
        inputs={
            "unique_ids_raw_output___9:0": ("int64", [None]),
            "segment_ids:0": ("int64", [None, 256]),
            "input_mask:0": ("int64", [None, 256]),
            "input_ids:0": ("int64", [None, 256]),
        },
        outputs={
            "unstack:1": ("float", [None, 256]),
            "unstack:0": ("float", [None, 256]),
            "unique_ids:0": ("int64", [None]),
        },
    ),
    "efficientnet-lite4-11": SimpleNamespace(
        opset=11,
        fp32_elements=12_950_384,
        inputs={"images:0": ("float", [1, 224, 224, 3])},
        outputs={"Softmax:0": ("float", [1, 1000])},
    ),
    "mobilenetv2-10": SimpleNamespace(
        opset=10,
        fp32_elements=3_487_816,
        inputs={"input": ("float", [None, 3, 224, 224])},
        outputs={"output": ("float", [None, 1000])},
    ),
    "mosaic-9": SimpleNamespace(
        opset=9,
        fp32_elements=1_679_235,
        inputs={"input1": ("float", [1, 3, 224, 224])},
        outputs={"output1": ("float", [1, 3, 224, 224])},
    ),
    "resnet50-v1-7": SimpleNamespace(
        opset=7,
        fp32_elements=25_629_032,
        inputs={"data": ("float", [None, 3, 224, 224])},
        outputs={"resnetv17_dense0_fwd": ("float", [None, 1000])},
    ),
    "shufflenet-v2-10": SimpleNamespace(
        opset=10,
        fp32_elements=2_294_784,
        inputs={"input": ("float", [1, 3, 224, 224])},
        outputs={"output": ("float", [1, 1000])},
    ),
    "super-resolution-10": SimpleNamespace(
        opset=10,
        fp32_elements=59_657,
        inputs={"input": ("float", [None, 1, 224, 224])},
        outputs={"output": ("float", [None, 1, 672, 672])},
    ),
    "yolov4": SimpleNamespace(
        opset=11,
        fp32_elements=64_329_950,
        inputs={"input_1:0": ("float", [None, 416, 416, 3])},
        outputs={
            "Identity:0": ("float", [None, None, None, 3, 85]),
            "Identity_1:0": ("float", [None, None, None, 3, 85]),
            "Identity_2:0": ("float", [None, None, None, 3, 85]),
        },
    ),
}
SMALLEST = "super-resolution-10"
EXPENSIVE = ("bertsquad-10", "yolov4")


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(name, marks=pytest.mark.expensive if name in EXPENSIVE else ())
        for name in EXPECTED
    ],
)
def made(request, tmp_path_factory):
    """One model, made, with what is expected of it; its file goes before the next one is made."""
    folder = tmp_path_factory.mktemp("models")
    assert make_models.main([request.param, "--out", str(folder)]) == 0
    path = folder / f"{request.param}.onnx"
    yield SimpleNamespace(path=path, model=onnx.load(path), expected=EXPECTED[request.param])
    shutil.rmtree(folder)


def test_the_manifest_lists_the_models():
    assert list(make_models.read_manifest()) == list(EXPECTED) == list(architectures.BUILDERS)


def test_the_readme_agrees_with_the_manifest():
    lines = make_models.MANIFEST_PATH.with_name("README.md").read_text().splitlines()
    for name, entry in make_models.read_manifest().items():
        (row,) = (line for line in lines if line.startswith(f"| {name} |"))
        cells = [cell.strip() for cell in row.split("|")]
        numbers = [
            f"{entry['opset']}",
            f"{entry['fp32_elements']:,}",
            f"{entry['bytes'] / 1e6:.1f} MB",
        ]
        assert cells[3:6] == numbers


def test_the_file_has_the_hash_and_size_of_the_manifest(made):
    entry = make_models.read_manifest()[made.path.stem]
    content = made.path.read_bytes()
    assert hashlib.sha256(content).hexdigest() == entry["sha256"]
    assert len(content) == entry["bytes"]


def test_the_full_check_of_onnx_passes(made):
    onnx.checker.check_model(made.path, full_check=True)


def test_the_bytes_are_those_that_onnx_would_write(made):
    assert made.model.SerializeToString(deterministic=True) == made.path.read_bytes()


def test_opset_and_number_of_weights_are_the_zoos(made):
    assert [opset.version for opset in made.model.opset_import] == [made.expected.opset]
    weights = sum(
        math.prod(tensor.dims)
        for tensor in made.model.graph.initializer
        if tensor.data_type == onnx.TensorProto.FLOAT and tensor.dims
    )
    assert weights == made.expected.fp32_elements


def test_inputs_and_outputs_are_the_zoos(made):
    graph = made.model.graph
    initializers = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in initializers]
    assert signature(inputs) == list(made.expected.inputs.items())
    assert signature(graph.output) == list(made.expected.outputs.items())


def test_the_manifest_describes_the_file(made):
    entry = make_models.read_manifest()[made.path.stem]
    for described, expected in (
        (entry["inputs"], made.expected.inputs),
        (entry["outputs"], made.expected.outputs),
    ):
        shapes = [[d if isinstance(d, int) else None for d in v["shape"]] for v in described]
        found = {v["name"]: (v["type"], shape) for v, shape in zip(described, shapes)}
        assert found == expected
    assert entry["opset"] == made.expected.opset
    assert entry["fp32_elements"] == made.expected.fp32_elements


def test_old_models_list_their_initializers_as_inputs(made):
    graph = made.model.graph
    listed = {value.name for value in graph.input}
    initializers = {tensor.name for tensor in graph.initializer}
    assert initializers <= listed if made.model.ir_version < 4 else not initializers & listed


def signature(values):
    """(name, (element type, shape)) of each; an open dimension is None."""
    described = [make_models.describe(value) for value in values]
    return [
        (v["name"], (v["type"], [d if isinstance(d, int) else None for d in v["shape"]]))
        for v in described
    ]


def test_yolov4_has_the_zoos_operators():
    operators = collections.Counter(
        node.op_type for node in architectures.BUILDERS["yolov4"]("yolov4").nodes
    )
    assert operators == {
        **{"Conv": 110, "Add": 95, "Exp": 72, "Log": 72, "Tanh": 72, "Mul": 72, "LeakyRelu": 35},
        **{"Concat": 18, "Slice": 8, "Cast": 6, "Sigmoid": 6, "Shape": 5, "Transpose": 4},
        **{"Reshape": 4, "MaxPool": 3, "Gather": 3, "Split": 3, "Resize": 2},
    }


def test_efficientnet_lite4_has_the_zoos_activations():
    graph = architectures.BUILDERS["efficientnet-lite4-11"]("efficientnet-lite4-11")
    operators = collections.Counter(node.op_type for node in graph.nodes)
    assert (operators["Clip"], operators["Add"]) == (61, 23 + 1)  # one Add is the classifier's


def test_a_model_that_is_there_is_left_alone(tmp_path):
    make_models.main([SMALLEST, "--out", str(tmp_path)])
    before = (tmp_path / f"{SMALLEST}.onnx").stat()
    make_models.main([SMALLEST, "--out", str(tmp_path)])
    after = (tmp_path / f"{SMALLEST}.onnx").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b[:-1] + bytes([b[-1] ^ 1])])
def test_a_damaged_model_is_made_again(tmp_path, damage):
    path = tmp_path / f"{SMALLEST}.onnx"
    make_models.main([SMALLEST, "--out", str(tmp_path)])
    content = path.read_bytes()
    path.write_bytes(damage(content))
    assert make_models.main([SMALLEST, "--out", str(tmp_path)]) == 0
    assert path.read_bytes() == content


def test_a_file_that_differs_from_the_manifest_is_not_kept(tmp_path, capsys, monkeypatch):
    manifest = make_models.read_manifest()
    manifest[SMALLEST]["sha256"] = "0" * 64
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"models": list(manifest.values())}))
    monkeypatch.setattr(make_models, "MANIFEST_PATH", path)
    assert make_models.main([SMALLEST, "--out", str(tmp_path / "models")]) == 1
    assert "setup/python/models.txt" in capsys.readouterr().err.splitlines()[-1]
    assert list((tmp_path / "models").iterdir()) == []


def test_an_unknown_name_is_answered_with_the_nearest(tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        make_models.main(["renset50", "--out", str(tmp_path)])
    assert stop.value.code == 2
    assert capsys.readouterr().err.endswith("did you mean resnet50-v1-7?\n")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert make_models.main([SMALLEST, "--out", str(tmp_path / "file" / "models")]) == 1
    assert str(tmp_path / "file" / "models") in capsys.readouterr().err


def test_the_default_folder_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert make_models.default_folder() == tmp_path / "dnn-bench" / "models"
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert make_models.default_folder() == tmp_path / ".cache" / "dnn-bench" / "models"


def test_centred_filters_sum_to_nearly_zero():
    plain = SeededTensor("model", "weight", (64, 100), std=0.5).values()
    centred = SeededTensor("model", "weight", (64, 100), std=0.5, centred=True).values()
    # Rounding down to whole steps leaves less than one step an element.
    assert np.abs(centred.mean(axis=1)).max() < 64 * 0.5 * math.sqrt(3) / 2**22
    assert np.abs(plain.mean(axis=1)).max() > 0.01
    assert abs(plain.std() - 0.5) < 0.01


def test_transposed_filters_are_the_same_filters():
    filters = SeededTensor("model", "weight", (8, 20), std=0.5, centred=True).values()
    transposed = SeededTensor(
        "model", "weight", (20, 8), std=0.5, centred=True, transposed=True
    ).values()
    assert np.array_equal(filters, transposed.T)


def test_weights_depend_on_the_names_of_model_and_tensor():
    weights = [
        SeededTensor(model, name, (1000,), std=1.0).values()
        for model, name in (("a", "x"), ("a", "y"), ("b", "x"))
    ]
    for i, j in ((0, 1), (0, 2), (1, 2)):
        assert abs(np.corrcoef(weights[i], weights[j])[0, 1]) < 0.2
